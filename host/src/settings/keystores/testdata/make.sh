#!/usr/bin/env bash
# Makes the stores of the tests in this folder, by openssl and keytool. Certificates are good until 2126.
# Passwords: "store-pw" of stores, "key-pw" of keys that have one of their own.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
rm -f ./*.pem ./*.p12 ./*.jks ./*.jceks
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# issue NAME ISSUER CA: a key and its certificate, signed by ISSUER (by itself where the two are one).
issue() {
  local signer=(-CA "$work/$2.crt" -CAkey "$work/$2.key" -set_serial "0x$(openssl rand -hex 8)")
  if [ "$1" = "$2" ]; then signer=(-signkey "$work/$1.key"); fi
  openssl req -new -newkey rsa:2048 -nodes -keyout "$work/$1.key" -out "$work/$1.csr" -subj "/O=connect-host/CN=$1" 2>/dev/null
  echo "basicConstraints=critical,CA:$3" >"$work/ext"
  openssl x509 -req -in "$work/$1.csr" -days 36500 -out "$work/$1.crt" -extfile "$work/ext" "${signer[@]}" 2>/dev/null
}
issue root root TRUE
issue middle root TRUE
issue leaf middle FALSE

cp "$work/root.crt" root.pem
cat "$work/leaf.crt" "$work/middle.crt" >chain.pem
# Keys as PEM: each form that openssl writes.
openssl pkcs8 -topk8 -nocrypt -in "$work/leaf.key" -out rsa-pkcs8.pem
openssl rsa -in "$work/leaf.key" -traditional -out rsa-pkcs1.pem 2>/dev/null
openssl rsa -in "$work/leaf.key" -traditional -aes128 -passout pass:key-pw -out rsa-pkcs1-encrypted.pem 2>/dev/null
openssl pkcs8 -topk8 -v2 aes-256-cbc -passout pass:key-pw -in "$work/leaf.key" -out rsa-encrypted-aes.pem
openssl pkcs8 -topk8 -v2 des3 -v2prf hmacWithSHA1 -passout pass:key-pw -in "$work/leaf.key" -out rsa-encrypted-3des.pem
openssl pkcs8 -topk8 -v1 PBE-SHA1-3DES -passout pass:key-pw -in "$work/leaf.key" -out rsa-encrypted-pbes1.pem
openssl ecparam -name prime256v1 -genkey -out ec-sec1.pem
openssl pkcs8 -topk8 -nocrypt -in ec-sec1.pem -out ec-pkcs8.pem
cat rsa-pkcs8.pem chain.pem >both.pem

p12() { openssl pkcs12 -export -inkey "$work/leaf.key" -in "$work/leaf.crt" -certfile "$work/middle.crt" -name mine "$@"; }
p12 -passout pass:store-pw -out openssl.p12
p12 -passout pass:store-pw -legacy -out openssl-legacy.p12
p12 -passout pass: -nomac -keypbe NONE -certpbe NONE -out openssl-open.p12
openssl pkcs12 -export -nokeys -in root.pem -passout pass:store-pw -out openssl-unmarked.p12

tool() { keytool "$@" 2>/dev/null; }
import() { tool -importkeystore -srckeystore openssl.p12 -srcstoretype PKCS12 -srcstorepass store-pw -srcalias mine "$@"; }
import -destkeystore keytool.p12 -deststoretype PKCS12 -deststorepass store-pw
import -J-Dkeystore.pkcs12.legacy -destkeystore keytool-legacy.p12 -deststoretype PKCS12 -deststorepass store-pw
import -destkeystore keytool.jks -deststoretype JKS -deststorepass store-pw -destkeypass key-pw
import -destkeystore keytool.jceks -deststoretype JCEKS -deststorepass store-pw -destkeypass key-pw
trust() { tool -importcert -noprompt -alias root -file root.pem -keystore "$1" -storetype "$2" -storepass store-pw; }
trust keytool-trust.p12 PKCS12
trust keytool-trust.jks JKS
