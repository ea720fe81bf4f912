import { tools } from "./tools.js";

export default {
  fetch: async () => new Response(await tools()),
};
