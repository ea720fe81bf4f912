import { spawn } from "node:child_process";
import type { SendMail } from "../options.js";
import type { Mail } from "../shapes.js";

/** Gives each mail as JSON to the standard input of a command, which sends it; it fails when the command does. */
export function mailCommand(command: string): SendMail {
  return (mail: Mail) =>
    new Promise<void>((resolve, reject) => {
      const sender = spawn(command, { shell: true, stdio: ["pipe", "ignore", "inherit"] });
      sender.once("error", reject);
      sender.once("exit", (status, signal) => {
        if (status === 0) resolve();
        else reject(new Error(`a mail was not sent: the mail command ended with ${status ?? signal}`));
      });
      // One that does not read what it is given says why by its status.
      sender.stdin.once("error", () => {});
      sender.stdin.end(JSON.stringify(mail));
    });
}
