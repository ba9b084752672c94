// Builds the pages into `dist`, from where the server's build puts them into the binary.
// `npm run dev` shows them as they are written; the API is that of a running server.
import { svelte } from "@sveltejs/vite-plugin-svelte";
import { defineConfig } from "vite";

const server = process.env.FIELDKIT_SERVER ?? "http://127.0.0.1:8484";

export default defineConfig({
  plugins: [svelte()],
  build: { target: "es2023", modulePreload: { polyfill: false }, assetsInlineLimit: 0 },
  // The host stays: a page may only change what its own address serves.
  server: { proxy: { "/api": { target: server, changeOrigin: false } } },
});
