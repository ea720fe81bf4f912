// The worker that replays what is posted to it.
import module from "./engine.wasm";
import { replay } from "./replay.mjs";

export default {
  async fetch(request) {
    return Response.json(await replay(module, await request.json()));
  },
};
