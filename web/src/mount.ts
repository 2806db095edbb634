/** What every page loads: mounts its islands, now and as parts of the page are swapped for newer ones. */

import { loadWords } from "./lib/i18n";
import { type Island, Mounter } from "./lib/islands";

const modules = Object.entries(import.meta.glob<Island>("./islands/*/index.ts"));
const mounter = new Mounter(new Map(modules.map(([path, load]) => [path.split("/")[2] ?? path, load])));

void loadWords(document.documentElement.lang).finally(() => {
  void mounter.mountWithin(document);
  new MutationObserver(() => {
    void mounter.sweep();
    void mounter.mountWithin(document);
  }).observe(document.body, { childList: true, subtree: true });
});
