// A mailbox: the server's mail command puts each mail into a file, a line for each.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

const file = "mails.jsonl";

/** The mail command of a server whose folder has the mailbox. */
export const mailCommand = `(cat; echo) >> ${file}`;

/** The mails of a server, read from its folder. */
export class Mailbox {
  #seen = 0;
  #path;

  constructor(folder) {
    this.#path = join(folder, file);
  }

  /** The next mail to this address, which must be of this kind; those before it are thrown away. */
  async next(to, kind) {
    for (let patience = 100; patience > 0; patience -= 1) {
      const mails = this.#mails();
      const at = mails.findIndex((mail, at) => at >= this.#seen && mail.to === to && mail.kind === kind);
      if (at >= 0) {
        this.#seen = at + 1;
        return mails[at];
      }
      await sleep(100);
    }
    const kinds = this.#mails().map((mail) => `${mail.kind} to ${mail.to}`);
    throw new Error(`no ${kind} came to ${to}; there are: ${kinds.join(", ") || "none"}`);
  }

  #mails() {
    try {
      return readFileSync(this.#path, "utf8")
        .split("\n")
        .filter(Boolean)
        .map((line) => JSON.parse(line));
    } catch (error) {
      if (error.code === "ENOENT") return [];
      throw error;
    }
  }
}
