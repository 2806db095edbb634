import { existsSync } from "node:fs";
import { defineConfig } from "vitest/config";

const entries = ["src/mount.ts", "styles/main.css"].filter((entry) => existsSync(entry));

// biome-ignore lint/style/noDefaultExport: Vite asks for it
export default defineConfig({
  base: "/static/",
  publicDir: false,
  build: {
    // The browsers of 麒麟 and 统信 desktops are Chromium 78 to 108.
    target: ["es2020", "chrome86"],
    cssTarget: "chrome86",
    outDir: "dist",
    emptyOutDir: true,
    manifest: true,
    // The content security policy admits no data: scripts, styles or fonts.
    assetsInlineLimit: 0,
    rollupOptions: { input: entries },
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
