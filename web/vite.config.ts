import { readFile, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { brotliCompress, gzip } from "node:zlib";
import type { Plugin } from "vite";
import { defineConfig } from "vitest/config";

/**
 * Puts a compressed twin beside each text file, so that the server compresses nothing while it serves. Only when
 * all is written: Vite itself still changes chunks after the plugins have seen the bundle.
 */
function compressedTwins(): Plugin {
  return {
    name: "compressed-twins",
    apply: "build",
    async writeBundle({ dir = "dist" }, bundle) {
      for (const fileName of Object.keys(bundle).filter((name) => /\.(js|css|svg)$/.test(name))) {
        const path = join(dir, fileName);
        const content = await readFile(path);
        await writeFile(`${path}.br`, await promisify(brotliCompress)(content));
        await writeFile(`${path}.gz`, await promisify(gzip)(content));
      }
    },
  };
}

/** While developing: pages of the server know Vite's client, and are loaded anew when the server restarted. */
function pagesOfTheServer(): Plugin {
  const restarted = resolve(import.meta.dirname, "../.cache/server-restarted");
  return {
    name: "pages-of-the-server",
    apply: "serve",
    transform(code, id) {
      return id.endsWith("/src/mount.ts") ? `import "/@vite/client";\n${code}` : null;
    },
    configureServer(server) {
      server.watcher.add(restarted).on("change", (path) => {
        if (path === restarted) server.ws.send({ type: "full-reload" });
      });
    },
  };
}

/** Lets a module import a catalogue: `import { messages } from "…/en.po"`. Messages with plural forms stay out. */
function catalogues(): Plugin {
  const entry = /^msgid ((?:"(?:[^"\\]|\\.)*"\n?)+)msgstr ((?:"(?:[^"\\]|\\.)*"\n?)+)/gm;
  const joined = (quoted = "") =>
    quoted
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as string)
      .join("");
  return {
    name: "catalogues",
    transform(code, id) {
      if (!id.endsWith(".po")) return null;
      const pairs = [...code.matchAll(entry)].map(
        ([, id, message]) => [joined(id), joined(message)] as const,
      );
      const messages = Object.fromEntries(pairs.filter(([id, message]) => id !== "" && message !== ""));
      return { code: `export const messages = ${JSON.stringify(messages)};`, map: null };
    },
  };
}

// biome-ignore lint/style/noDefaultExport: Vite asks for it
export default defineConfig({
  base: "/static/",
  publicDir: false,
  plugins: [catalogues(), compressedTwins(), pagesOfTheServer()],
  build: {
    // The browsers of 麒麟 and 统信 desktops are Chromium 78 to 108.
    target: ["es2020", "chrome86"],
    cssTarget: "chrome86",
    outDir: "dist",
    emptyOutDir: true,
    manifest: true,
    // The content security policy admits no data: scripts, styles or fonts.
    assetsInlineLimit: 0,
    rollupOptions: { input: ["src/mount.ts", "styles/main.css"] },
  },
  worker: { format: "es" },
  server: {
    host: "127.0.0.1",
    port: 5173,
    strictPort: true,
    proxy: {
      "^/(?!static/)": { target: process.env["LIANBIAN_SERVER"] ?? "http://127.0.0.1:8080", ws: true },
    },
  },
  test: { environment: "happy-dom", include: ["test/**/*.test.ts"] },
});
