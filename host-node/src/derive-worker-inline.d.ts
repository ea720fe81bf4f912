// Written by scripts/build.mjs.
/** `derive-worker.js` as a `data:` address. */
declare const address: string;
export default address;
