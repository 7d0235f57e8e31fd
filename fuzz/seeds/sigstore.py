#!/usr/bin/env python3
"""Makes the seeds of the fuzz target `sigstore` with openssl; run in this folder."""
import base64, hashlib, json, os, subprocess, tempfile

OUT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "sigstore")
os.makedirs(OUT, exist_ok=True)
os.chdir(tempfile.mkdtemp())


def run(command):
    subprocess.run(command, shell=True, check=True, capture_output=True)


def read(name):
    with open(name, "rb") as file:
        return file.read()


def text(data):
    return base64.b64encode(data).decode()


def seed(name, kind, data):
    with open(os.path.join(OUT, name), "wb") as file:
        file.write(kind + data)


def authority(name):
    run(f"openssl ecparam -name prime256v1 -genkey -noout -out {name}.key")
    run(f"openssl req -x509 -new -key {name}.key -days 3650 -subj /O=Seed/CN={name} -out {name}.pem")
    run(f"openssl x509 -in {name}.pem -outform DER -out {name}.der")


def issue(name, by, subject, extensions):
    with open("ext", "w") as file:
        file.write(extensions)
    run(f"openssl ecparam -name prime256v1 -genkey -noout -out {name}.key")
    run(f"openssl req -new -key {name}.key -subj '{subject}' -out {name}.csr")
    run(f"openssl x509 -req -in {name}.csr -CA {by}.pem -CAkey {by}.key -days 3650 -extfile ext -out {name}.pem")
    run(f"openssl x509 -in {name}.pem -outform DER -out {name}.der")


authority("ca")
authority("tsaca")
issue("leaf", "ca", "/", "keyUsage=critical,digitalSignature\nextendedKeyUsage=codeSigning\n"
      "subjectAltName=critical,URI:https://seed.example/w\n1.3.6.1.4.1.57264.1.8=ASN1:UTF8:https://seed.example\n")
issue("tsa", "tsaca", "/CN=stamper", "keyUsage=critical,digitalSignature\nextendedKeyUsage=critical,timeStamping\n")
with open("cnf", "w") as file:
    file.write("[tsa]\ndefault_tsa=t\n[t]\nserial=serial\ncrypto_device=builtin\nsigner_cert=tsa.pem\n"
               "signer_key=tsa.key\nsigner_digest=sha256\ndefault_policy=1.2.3\ndigests=sha256\n"
               "ess_cert_id_chain=no\ness_cert_id_alg=sha256\n")
with open("serial", "w") as file:
    file.write("01")
with open("data", "wb") as file:
    file.write(b"signature")
run("openssl ts -query -data data -sha256 -cert -out q && openssl ts -reply -config cnf -queryfile q -out r")
run("openssl genpkey -algorithm ed25519 -out log.key && openssl pkey -in log.key -pubout -outform DER -out log.der")
run("openssl ec -in ca.key -pubout -outform DER -out ct.der")
log, origin, window = read("log.der"), "log.seed.example", {"start": "2020-01-01T00:00:00Z"}
chain = lambda *names: {"certificates": [{"rawBytes": text(read(n))} for n in names]}
key = lambda data, kind: {"rawBytes": text(data), "keyDetails": kind, "validFor": window}
seed("certificate", b"c", read("leaf.der"))
seed("timestamp", b"t", read("r"))
seed("root", b"r", json.dumps({
    "mediaType": "application/vnd.dev.sigstore.trustedroot+json;version=0.1",
    "tlogs": [{"baseUrl": "https://" + origin, "hashAlgorithm": "SHA2_256", "publicKey": key(log, "PKIX_ED25519"),
               "logId": {"keyId": text(hashlib.sha256(origin.encode() + b"\n\x01" + log[-32:]).digest())}}],
    "certificateAuthorities": [{"certChain": chain("ca.der"), "validFor": window}],
    "ctlogs": [{"baseUrl": "https://ct.seed.example", "hashAlgorithm": "SHA2_256",
                "publicKey": key(read("ct.der"), "PKIX_ECDSA_P256_SHA_256"),
                "logId": {"keyId": text(hashlib.sha256(read("ct.der")).digest())}}],
    "timestampAuthorities": [{"certChain": chain("tsa.der", "tsaca.der"), "validFor": window}],
}).encode())
