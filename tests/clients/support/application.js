import { once } from "node:events";
import { createServer } from "node:http";

/** A web application that people sign in at, on a free port of this machine. */
export class Application {
  /** `make` gets the application's own origin and gives what answers its requests. */
  static async listen(make) {
    const application = new Application();
    application.server = createServer();
    await once(application.server.listen(0, "127.0.0.1"), "listening");
    application.origin = `http://127.0.0.1:${application.server.address().port}`;
    application.server.on("request", await make(application.origin));
    return application;
  }

  close() {
    this.server.close();
    this.server.closeAllConnections();
  }
}
