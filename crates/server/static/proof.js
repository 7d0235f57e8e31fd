// Checks in this browser that a ledger entry is under the checkpoint: RFC 9162 section 2.1.3.2, with
// nothing but SHA-256 and the bytes that the server hands out.
const section = document.querySelector("[data-proof]");

const hex = (bytes) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
const fromHex = (text) => Uint8Array.from(text.match(/../g) ?? [], (pair) => parseInt(pair, 16));
const fromBase64 = (text) => Uint8Array.from(atob(text), (char) => char.charCodeAt(0));

function join(...parts) {
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

async function sha256(...parts) {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", join(...parts)));
}

// DSSE pre-authentication encoding: what was signed.
function preAuthentication(envelope) {
  const text = new TextEncoder();
  const payload = fromBase64(envelope.payload);
  const type = text.encode(envelope.payloadType);
  return join(text.encode(`DSSEv1 ${type.length} `), type, text.encode(` ${payload.length} `), payload);
}

async function fetchOk(path) {
  const answer = await fetch(path, { headers: { accept: "application/json" } });
  if (!answer.ok) {
    throw new Error(`${path} answered ${answer.status}`);
  }
  return answer;
}

function teller(list) {
  list.replaceChildren();
  return (good, title, detail) => {
    const item = document.createElement("li");
    const mark = document.createElement("span");
    mark.className = good ? "chip good" : "chip bad";
    mark.textContent = good ? "ok" : "failed";
    const words = document.createElement("span");
    words.textContent = ` ${title} `;
    const value = document.createElement("code");
    value.textContent = detail;
    item.append(mark, words, value);
    list.append(item);
    if (!good) {
      throw new Error(title);
    }
  };
}

async function verify(index, expectedEnvelope, tell) {
  const bytes = new Uint8Array(await (await fetchOk(`/api/v1/ledger/${index}/envelope`)).arrayBuffer());
  const proof = await (await fetchOk(`/api/v1/ledger/${index}/proof`)).json();
  const digest = hex(await sha256(bytes));
  tell(digest === expectedEnvelope, `The envelope (${bytes.length} bytes) has the digest that the table shows:`, digest);

  const envelope = JSON.parse(new TextDecoder().decode(bytes));
  const signed = hex(await sha256(preAuthentication(envelope)));
  const leaf = fromBase64(proof.entry);
  const entry = JSON.parse(new TextDecoder().decode(leaf));
  const recorded = hex(fromBase64(entry.spec.hashedRekordV002.data.digest));
  tell(recorded === signed, "The log's leaf records the digest of what was signed:", signed);

  let hash = await sha256(Uint8Array.of(0), leaf);
  tell(hex(hash) === proof.leafHash, "The hash of the leaf is:", hex(hash));

  let node = BigInt(proof.index);
  let last = BigInt(proof.treeSize) - 1n;
  tell(proof.index === index && node <= last, "Its place in the tree is:", `${proof.index} of ${proof.treeSize}`);
  for (const [step, sibling] of proof.hashes.entries()) {
    if (last === 0n) {
      tell(false, "The path is longer than the tree is high:", `${proof.hashes.length}`);
    }
    const left = (node & 1n) === 1n || node === last;
    hash = left
      ? await sha256(Uint8Array.of(1), fromHex(sibling), hash)
      : await sha256(Uint8Array.of(1), hash, fromHex(sibling));
    while (left && (node & 1n) === 0n && node !== 0n) {
      node >>= 1n;
      last >>= 1n;
    }
    node >>= 1n;
    last >>= 1n;
    tell(true, `Joined with the ${left ? "left" : "right"} neighbour of level ${step}:`, hex(hash));
  }
  tell(last === 0n, "The path ends at the root:", hex(hash));

  const [, size, root] = proof.checkpoint.split("\n");
  tell(size === String(proof.treeSize), "The checkpoint is of a tree of this size:", size);
  tell(hex(fromBase64(root)) === hex(hash), "The root is the one that the checkpoint signs:", hex(hash));
}

if (section) {
  const button = section.querySelector("button");
  const list = section.querySelector("ol");
  const result = section.querySelector("[role=status]");
  button.hidden = false;
  button.addEventListener("click", async () => {
    button.disabled = true;
    result.textContent = "Checking …";
    result.className = "";
    try {
      await verify(Number(section.dataset.proof), section.dataset.envelope, teller(list));
      result.textContent = "Included: this entry is in the ledger that the checkpoint describes.";
      result.className = "verdict good";
    } catch (error) {
      result.textContent = `Not proven: ${error.message}`;
      result.className = "verdict bad";
    }
    button.disabled = false;
  });
}
