// A request to a node:http handler without a socket: a real IncomingMessage and ServerResponse, whose end is taken at `end`,
// before it would be written out as bytes. That is less work than a server does.
import { IncomingMessage, ServerResponse } from "node:http";
import { Duplex } from "node:stream";

class NoSocket extends Duplex {
  remoteAddress = "127.0.0.1";
  encrypted = true;
  _read() {}
  _write(_chunk, _encoding, done) {
    done();
  }
}

/** Posts a form; gives `{ status, body }`. */
export function post(handler, path, authorization, form) {
  return new Promise((resolve, reject) => {
    const incoming = new IncomingMessage(new NoSocket());
    const headers = {
      host: "auth.example.com",
      authorization,
      "content-type": "application/x-www-form-urlencoded",
      "content-length": String(form.length),
    };
    Object.assign(incoming, { method: "POST", url: path, httpVersion: "1.1", headers, complete: true });
    incoming.rawHeaders = Object.entries(headers).flat();
    incoming.push(form);
    incoming.push(null);
    const outgoing = new ServerResponse(incoming);
    outgoing.end = (body = "") => {
      outgoing.finished = true;
      resolve({ status: outgoing.statusCode, body: String(body) });
      outgoing.emit("finish");
      return outgoing;
    };
    Promise.resolve(handler(incoming, outgoing)).catch(reject);
  });
}
