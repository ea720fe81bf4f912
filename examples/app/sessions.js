import { createHash, randomBytes } from "node:crypto";
import { DatabaseSync } from "node:sqlite";

/** What this application remembers of each browser, by the hash of the cookie that it gave it. */
export class Sessions {
  static cookie = "app_session";
  #database;

  constructor(file) {
    this.#database = new DatabaseSync(file);
    this.#database.exec("CREATE TABLE IF NOT EXISTS sessions (id TEXT PRIMARY KEY, data TEXT NOT NULL)");
  }

  /** The session of a `Cookie` header, if there is one. */
  find(cookies = "") {
    const cookie = cookies.split("; ").find((one) => one.startsWith(`${Sessions.cookie}=`));
    const id = cookie?.slice(Sessions.cookie.length + 1);
    const row = id && this.#database.prepare("SELECT data FROM sessions WHERE id = ?").get(hash(id));
    return row ? { id, ...JSON.parse(row.data) } : undefined;
  }

  /** Kept once something is saved in it. */
  create() {
    return { id: randomBytes(32).toString("base64url") };
  }

  save(id, { id: _, ...data }) {
    this.#database.prepare("INSERT OR REPLACE INTO sessions VALUES (?, ?)").run(hash(id), JSON.stringify(data));
  }

  remove(id) {
    this.#database.prepare("DELETE FROM sessions WHERE id = ?").run(hash(id));
  }

  /** A new id when someone signs in: nobody else can have planted it. */
  renew(id) {
    this.remove(id);
    return this.create();
  }
}

function hash(id) {
  return createHash("sha256").update(id).digest("base64url");
}
