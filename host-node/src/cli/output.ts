import { ClavigerError } from "../errors.js";
import { Failure } from "./command.js";

/** What is told on the standard output: text for people, or JSON. */
export class Output {
  readonly json: boolean;

  constructor(json: boolean) {
    this.json = json;
  }

  /** As it is, whatever was asked for. */
  text(text: string): void {
    process.stdout.write(`${text}\n`);
  }

  /** One word or sentence; in JSON a string. */
  line(text: string): void {
    this.text(this.json ? JSON.stringify(text) : text);
  }

  /** One thing, a member a line. */
  record(record: object): void {
    const lines = () => aligned(Object.entries(record).map(([name, value]) => [name, cell(name, value)]));
    this.text(this.json ? JSON.stringify(record) : lines());
  }

  /** Several things, one a line, with these members; in JSON an array with all members. */
  table(rows: readonly object[], columns: readonly string[]): void {
    const line = (row: object) => columns.map((column) => cell(column, (row as Record<string, unknown>)[column]));
    this.text(this.json ? JSON.stringify(rows) : aligned([columns, ...rows.map(line)]));
  }

  /** Why there is no result, and what to do about it. */
  failure(error: unknown): void {
    const { code, message, help } = told(error);
    const lines = help ? `error: ${message}\nhelp: ${help}` : `error: ${message}`;
    process.stderr.write(`${this.json ? JSON.stringify({ error: { code, message, help } }) : lines}\n`);
  }
}

function told(error: unknown): { code: string; message: string; help: string } {
  if (error instanceof ClavigerError || error instanceof Failure) return error;
  return { code: "failed", message: error instanceof Error ? error.message : String(error), help: "" };
}

/** Every column as wide as its widest cell. */
export function aligned(rows: readonly (readonly string[])[]): string {
  const widths = rows.reduce<number[]>(
    (widest, row) => row.map((text, column) => Math.max(widest[column] ?? 0, text.length)),
    [],
  );
  const line = (row: readonly string[]) => row.map((text, column) => text.padEnd(widths[column] ?? 0)).join("  ");
  return rows.map((row) => line(row).trimEnd()).join("\n");
}

function cell(name: string, value: unknown): string {
  if (value === null || value === undefined) return "-";
  if (typeof value === "number" && /(At|Time)$/.test(name)) return new Date(value).toISOString().replace(".000Z", "Z");
  if (Array.isArray(value)) return value.map((item) => cell("", item)).join(" ");
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}
