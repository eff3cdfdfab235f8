import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

/** A seller of tokens whose API lists its sales, as SCICENT_API_URL expects. */
export type Seller = { readonly url: string; sell(sale: string): void; stop(): Promise<void> };

/** Starts the seller on a free local port. `sell` adds the JSON of a sale to its list. */
export async function startSeller(): Promise<Seller> {
  const sales: string[] = [];
  const server = createServer((_req, res) => {
    res.setHeader("content-type", "application/json");
    res.end(`{"sales":[${sales.join(",")}]}`);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    sell: (sale) => void sales.push(sale),
    async stop() {
      server.close();
      server.closeAllConnections();
      await once(server, "close");
    },
  };
}
