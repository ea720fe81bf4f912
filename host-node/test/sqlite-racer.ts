// One of several processes on one file: adds 1 a hundred times, and tries to be the one who makes each of 50 rows.
import { sqlite } from "claviger/stores/sqlite";

const store = sqlite(process.argv[2]!);
const won: number[] = [];
for (let round = 0; round < 50; round++) {
  const add = { add: [{ key: "p/counter", delta: 1, ceiling: 1000, expires: null }] };
  const make = {
    require: [{ key: `p/${round}`, version: null }],
    put: [{ key: `p/${round}`, value: String(process.pid), expires: null }],
  };
  const [made] = await Promise.all([store.commit(make), store.commit(add), store.commit(add)]);
  if (made === "committed") won.push(round);
}
store.close();
process.send!(won);
