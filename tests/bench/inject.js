// A request to a node:http handler without a connection: a real IncomingMessage and a real ServerResponse, written out in full to a
// socket that keeps what it gets.
import { IncomingMessage, ServerResponse } from "node:http";
import { Duplex } from "node:stream";

class Wire extends Duplex {
  remoteAddress = "127.0.0.1";
  encrypted = true;
  written = "";

  _read() {}
  _write(chunk, _encoding, done) {
    this.written += chunk.latin1Slice();
    done();
  }
}

/** Posts a form; gives `{ status, body }`. */
export function post(handler, path, authorization, form) {
  return new Promise((resolve, reject) => {
    const wire = new Wire();
    const incoming = new IncomingMessage(wire);
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
    outgoing.assignSocket(wire);
    outgoing.once("finish", () => {
      resolve({ status: outgoing.statusCode, body: wire.written.slice(wire.written.indexOf("\r\n\r\n") + 4) });
    });
    Promise.resolve(handler(incoming, outgoing)).catch(reject);
  });
}
