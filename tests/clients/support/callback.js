import { once } from "node:events";
import { createServer } from "node:http";

/** What listens at a client's redirect URI: it keeps the addresses that browsers come to. */
export class Callback {
  static async listen() {
    const callback = new Callback();
    callback.server = createServer((request, response) => {
      if (request.url.startsWith("/callback")) callback.arrived = new URL(request.url, callback.origin);
      response.end("<title>Arrived</title>");
    });
    await once(callback.server.listen(0, "127.0.0.1"), "listening");
    callback.origin = `http://127.0.0.1:${callback.server.address().port}`;
    callback.uri = `${callback.origin}/callback`;
    return callback;
  }

  close() {
    this.server.close();
    this.server.closeAllConnections();
  }
}
