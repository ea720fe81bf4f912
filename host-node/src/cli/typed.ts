// What the commands share: how one runs on the engine, and how what was typed is read.
import type { Claviger } from "../claviger.js";
import { type Command, type Context, Mistyped, type Options } from "./command.js";

/** A command on the engine and its store. */
export function command(
  name: string,
  summary: string,
  positionals: readonly string[],
  options: Options,
  act: (auth: Claviger, context: Context, first: string, second: string) => Promise<void>,
): Command {
  return {
    name,
    summary,
    positionals,
    options,
    run: async (context) => {
      const [first = "", second = ""] = context.positionals;
      const auth = context.settings().open();
      await act(auth, context, first, second);
      await auth.settled();
    },
  };
}

/** The option's value; 0 when it was not typed. */
export function seconds(values: Record<string, unknown>, option: string, help: string): number {
  return whole(values, option, "a number of seconds", help);
}

export function whole(values: Record<string, unknown>, option: string, what: string, help: string): number {
  const typed = Number(values[option] ?? 0);
  if (!Number.isSafeInteger(typed)) throw new Mistyped(`--${option} is ${what}`, help);
  return typed;
}

/** The value of an option that has but some: of another, or of none where one is needed, it says which there are. */
export function oneOf<T extends string>(
  typed: unknown,
  what: string,
  choices: readonly T[],
  see: string,
): T | undefined {
  if (typed === undefined || choices.includes(typed as T)) return typed as T | undefined;
  throw new Mistyped(`${what} is one of ${choices.join(", ")}`, see);
}

/** An option that is true or false, under the name that the engine has for it. */
export function truth(
  values: Record<string, unknown>,
  option: string,
  name: string,
  see: string,
): Record<string, boolean> {
  const typed = values[option];
  if (typed === undefined) return {};
  if (typed === "true" || typed === "false") return { [name]: typed === "true" };
  throw new Mistyped(`--${option} is true or false`, see);
}

/** Those of the options that were typed, under the names that the engine has for them. */
export function given(values: Record<string, unknown>, names: Record<string, string>): Record<string, never> {
  const typed = Object.entries(names).filter(([option]) => values[option] !== undefined);
  return Object.fromEntries(typed.map(([option, name]) => [name, values[option] as never]));
}

export async function all<Item>(list: AsyncIterable<Item>): Promise<Item[]> {
  const items = [];
  for await (const item of list) items.push(item);
  return items;
}
