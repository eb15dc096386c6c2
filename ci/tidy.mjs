// clang-tidy over our sources, a folder's files as one translation unit: most of a run goes into the headers of gRPC and Abseil,
// which a folder's files share. Where they do not go together (two helpers of one name) each half is tried. What was clean is
// remembered by content: of the files, the headers of ours they include, the flags and the configuration.
import { execFileSync, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { cpus } from "node:os";
import path from "node:path";

const root = process.cwd();
const build = path.join(root, "build/release");
const cache = path.join(root, "build/tidy");
const tool = existsSync("/usr/bin/clang-tidy-14") ? "clang-tidy-14" : "clang-tidy";
// what needs no such reading: tests, generated code, and what only the thread sanitizer build compiles
const skipped = /_test\.cc$|_benchmark\.cc$|^tests\/|^protos\/|tsan_abseil\.cc$/;

const sh = (program, args, cwd = root) =>
  execFileSync(program, args, { cwd, encoding: "utf8", maxBuffer: 1 << 29, stdio: ["ignore", "pipe", "ignore"] });

// object file -> the files of ours that it was made from, as ninja noted them
function dependencies() {
  const found = new Map();
  let current;
  for (const line of sh("ninja", ["-t", "deps"], build).split("\n")) {
    const target = /^(\S+): #deps/.exec(line);
    if (target) found.set(target[1], (current = []));
    else if (line.startsWith("    ")) {
      const file = path.resolve(build, line.trim());
      if (file.startsWith(root + "/")) current.push(file);
    }
  }
  return found;
}

// gcc's precompiled headers and gcc's own warnings mean nothing to clang.
const clangFlags = (command) =>
  command
    .replace(/-include \S*cmake_pch\.hxx/g, "")
    .replace(/ -[co] \S+/g, "")
    .split(/\s+/)
    .slice(1)
    .filter((flag) => flag && !/^-Winvalid-pch$|^-Wno-restrict$|^-fsanitize=|\.cc$/.test(flag))
    .concat("-Wno-overloaded-virtual"); // the methods that gRPC generates beside the callback ones

function groups() {
  const ours = new Set(sh("git", ["ls-files", "*.cc"]).split("\n").filter((file) => file && !skipped.test(file)));
  const inputs = dependencies();
  const byFolder = new Map();
  for (const entry of JSON.parse(readFileSync(path.join(build, "compile_commands.json")))) {
    const file = path.relative(root, entry.file);
    if (!ours.delete(file)) continue;
    const flags = clangFlags(entry.command);
    const key = path.dirname(file) + "\0" + flags.join(" ");
    if (!byFolder.has(key)) byFolder.set(key, { name: path.dirname(file), flags, files: [], inputs: [] });
    const group = byFolder.get(key);
    group.files.push(file);
    group.inputs.push(...(inputs.get(entry.output ?? /-o (\S+)/.exec(entry.command)[1]) ?? []));
  }
  if (ours.size) throw new Error(`not built, so not checked: ${[...ours].join(" ")}`);
  return [...byFolder.values()];
}

const contents = new Map();
function contentOf(file) {
  if (!contents.has(file)) contents.set(file, createHash("sha256").update(readFileSync(file)).digest("hex"));
  return contents.get(file);
}

function stampOf(group) {
  const hash = createHash("sha256").update(group.flags.join(" ") + contentOf(path.join(root, ".clang-tidy")));
  for (const file of [...new Set([...group.inputs, ...group.files.map((f) => path.join(root, f))])].sort()) {
    if (existsSync(file)) hash.update(file + contentOf(file));
  }
  return path.join(cache, hash.digest("hex").slice(0, 32) + ".clean");
}

const run = (unit, flags) =>
  new Promise((resolve) => {
    const child = spawn(tool, ["--quiet", "--checks=-bugprone-suspicious-include", unit, "--", ...flags]);
    let out = "";
    child.stdout.on("data", (data) => (out += data));
    child.stderr.resume();
    child.on("close", (code) => resolve({ clean: code === 0, out }));
  });

async function read(files, flags, unit) {
  writeFileSync(unit, files.map((file) => `#include "${path.join(root, file)}"\n`).join(""));
  const { clean, out } = await run(unit, flags);
  if (clean) return "";
  if (files.length === 1 || !/clang-diagnostic-error/.test(out)) return out || `${files}: ${tool} failed\n`;
  const half = Math.ceil(files.length / 2);
  return (await read(files.slice(0, half), flags, unit)) + (await read(files.slice(half), flags, unit));
}

async function check(group) {
  const stamp = stampOf(group);
  if (existsSync(stamp)) return "";
  const unit = path.join(cache, group.name.replaceAll("/", "_") + "_" + path.basename(stamp, ".clean") + ".cc");
  const findings = await read(group.files, group.flags, unit);
  if (!findings) writeFileSync(stamp, "");
  return findings;
}

mkdirSync(cache, { recursive: true });
const waiting = groups();
let bad = 0;
await Promise.all(
  cpus().map(async () => {
    for (let group; (group = waiting.shift()); ) {
      const findings = await check(group);
      if (findings) bad++;
      process.stdout.write(findings);
    }
  }),
);
process.exit(bad ? 1 : 0);
