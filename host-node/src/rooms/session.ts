import type { Call, Difference, HeaderPairs, Opened } from "../commands.js";

/**
 * A session with its application's own values, of a person or of a visitor who has not signed in. What is changed is written by `save`, in one
 * go; when nothing changed, nothing is written. Two requests at once lose nothing of each other's: sums and lists grow by both, and of
 * two changes of one value the later counts.
 */
export class Session {
  /** Names the session; of a visitor, until they sign in. */
  readonly id: string;
  /** Who is signed in; `null`: a visitor. */
  readonly subject: string | null;
  /** The address that was noted last, such as where to go on after signing in. */
  previousUrl: string | null;

  readonly #call: Call;
  readonly #handle: string;
  readonly #headers: HeaderPairs;
  readonly #values: Map<string, unknown>;
  /** For this request alone. */
  readonly #now: Map<string, unknown>;
  #changes: Difference[] = [];
  #token: string;
  #isKept: boolean;
  #regenerate = false;

  constructor(call: Call, opened: Opened) {
    this.#call = call;
    this.id = opened.id;
    this.subject = opened.subject;
    this.previousUrl = opened.previousUrl;
    this.#handle = opened.handle;
    this.#headers = opened.headers;
    this.#values = new Map(Object.entries(opened.values));
    this.#now = new Map(Object.entries(opened.flash));
    this.#token = opened.token;
    this.#isKept = opened.subject !== null;
  }

  /** The value, or `otherwise`. */
  get(key: string, otherwise?: unknown): unknown {
    const value = this.#now.has(key) ? this.#now.get(key) : this.#values.get(key);
    return value ?? otherwise;
  }

  /** Whether there is a value that is not `null`. */
  has(key: string): boolean {
    return (this.get(key) ?? null) !== null;
  }

  /** Whether there is a value, be it `null`. */
  exists(key: string): boolean {
    return this.#now.has(key) || this.#values.has(key);
  }

  missing(key: string): boolean {
    return !this.exists(key);
  }

  all(): Record<string, unknown> {
    return Object.fromEntries([...this.#values, ...this.#now]);
  }

  /** Any JSON. */
  put(key: string, value: unknown): void {
    this.#values.set(key, value);
    this.#changes.push({ put: { key, value } });
  }

  /** One more at the end of a list, which begins empty. */
  push(key: string, value: unknown): void {
    const list = this.#values.get(key) ?? [];
    if (!Array.isArray(list)) throw new TypeError(`${key} is no list`);
    this.#values.set(key, [...list, value]);
    this.#changes.push({ push: { key, value } });
  }

  /** The value, which is forgotten. */
  pull(key: string, otherwise?: unknown): unknown {
    const value = this.get(key, otherwise);
    this.forget(key);
    return value;
  }

  /** The sum, as far as this request knows. Of two requests at once both count. */
  increment(key: string, by = 1): number {
    const sum = Number(this.#values.get(key) ?? 0) + by;
    if (!Number.isSafeInteger(sum)) throw new TypeError(`${key} is no whole number`);
    this.#values.set(key, sum);
    this.#changes.push({ add: { key, by } });
    return sum;
  }

  decrement(key: string, by = 1): number {
    return this.increment(key, -by);
  }

  forget(...keys: string[]): void {
    for (const key of keys) {
      if (!this.exists(key)) continue;
      this.#values.delete(key);
      this.#now.delete(key);
      this.#changes.push({ forget: { key } });
    }
  }

  /** Forgets everything but the token. */
  flush(): void {
    this.#values.clear();
    this.#now.clear();
    this.#changes.push({ flush: {} });
  }

  /** For the next request alone. */
  flash(key: string, value: unknown): void {
    this.#changes.push({ flash: { key, value } });
  }

  /** For this request alone: never written. */
  now(key: string, value: unknown): void {
    this.#now.set(key, value);
  }

  /** What was for this request alone is there for the next one, too. */
  reflash(): void {
    this.keep(...this.#now.keys());
  }

  /** The same of these. */
  keep(...keys: string[]): void {
    for (const key of keys) if (this.#now.has(key)) this.flash(key, this.#now.get(key));
  }

  /** For a hidden field of your forms: no other site can know it. A visitor keeps it when `save` is called. */
  get token(): string {
    this.#isKept = true;
    return this.#token;
  }

  /** Whether a form came with the token of this session. */
  isToken(token: unknown): boolean {
    if (typeof token !== "string" || token.length !== this.#token.length) return false;
    let different = 0;
    for (let at = 0; at < token.length; at += 1) different |= token.charCodeAt(at) ^ this.#token.charCodeAt(at);
    return different === 0;
  }

  /** Another token from the next request on. */
  regenerateToken(): void {
    this.#changes.push({ regenerateToken: {} });
  }

  setPreviousUrl(url: string): void {
    this.previousUrl = url;
    this.#changes.push({ previousUrl: { url } });
  }

  /** Another cookie from `save` on: do this when somebody gets more rights. */
  regenerate(): void {
    this.#regenerate = true;
  }

  /** Writes what changed, and gives what the response must set. Rejects with `Refused` when it is over, or holds too much. */
  async save(): Promise<HeaderPairs> {
    const changes = this.#changes;
    if (changes.length === 0 && !this.#regenerate) return this.#isKept ? this.#headers : [];
    const regenerate = this.#regenerate;
    const { headers } = await this.#call("sessions.save", { handle: this.#handle, changes, regenerate });
    this.#changes = [];
    this.#regenerate = false;
    return headers.length > 0 ? headers : this.#headers;
  }

  /** Ends the session, and gives what the response must set. */
  async invalidate(): Promise<HeaderPairs> {
    const { headers } = await this.#call("sessions.save", { handle: this.#handle, invalidate: true });
    this.#values.clear();
    this.#now.clear();
    this.#changes = [];
    return headers;
  }
}
