#!/usr/bin/env bash
# Checks this pack with openssl, sha256sum, zstd, jq and coreutils, and with nothing of
# those who made it. Read it before you run it: it is short so that you can.
#
#   [AUTHORITY=FILE.pem] ./verify.sh GENESIS_SHA256 [LAST_ENTRY_SHA256]
#
# GENESIS_SHA256      the archive's identity, from paper and not from this pack
# LAST_ENTRY_SHA256   the newest ledger entry you know of: shows a ledger whose end was cut off
# AUTHORITY           the root certificate of the time-stamping authority, from the authority
#
# Exit status: 0 all good, 1 something is wrong, 2 something could not be checked, 3 usage.
#
# Whatever the pack holds is data: no name and no value is used before it has matched a
# strict pattern, nothing is run, and nothing is written but in a temporary folder.
set -uo pipefail
shopt -s globstar dotglob nullglob
unset CDPATH
authority=$(realpath -- "${AUTHORITY:-/dev/null}")
export LC_ALL=C TZ=UTC

sha256='[0-9a-f]{64}'
day='[0-9]{4}-[0-9]{2}-[0-9]{2}'
entry_file='archive/ledger/[0-9]{12}\.dsse\.json'
token_file='archive/ledger/[0-9]{12}\.tsr'
manifest_file="archive/manifests/date=$day/r[0-9]{4}-[0-9a-f]{16}\\.dsse\\.json"
segment_file="archive/logs/source=[a-z0-9][a-z0-9._-]{0,62}/date=$day/part-[0-9]{5}-[0-9a-f]{16}\\.(jsonl|log)\\.zst"
key_file='keys/(rsa|ml-dsa-65|ecdsa-p256|ecdsa-p384|ed25519)-[0-9a-f]{16}\.pub\.pem'

# --- saying it ----------------------------------------------------------------------------

declare -A passed failed unchecked
kinds=()

count() { # RESULT KIND
  local -n counted=$1
  [[ " ${kinds[*]/%/,} " == *" $2, "* ]] || kinds+=("$2")
  counted[$2]=$((${counted[$2]:-0} + 1))
}
pass() { count passed "$1"; }
fail() { # KIND TEXT: the text may quote the pack, so nothing in it reaches the terminal raw
  count failed "$1"
  printf 'FAIL         %-22s %s\n' "$1" "${2//[^ -~]/?}"
}
skip() { count unchecked "$1"; }
check() { # KIND TEXT COMMAND...: the command's status decides
  local kind=$1 text=$2
  shift 2
  if "$@"; then pass "$kind"; else fail "$kind" "$text"; fi
}
equal() { [[ $1 == "$2" ]]; }

verdict() {
  local kind bad=0 open=0
  printf '\n'
  for kind in "${kinds[@]}"; do
    bad=$((bad + ${failed[$kind]:-0})) open=$((open + ${unchecked[$kind]:-0}))
    if ((${failed[$kind]:-0})); then
      printf 'FAIL         %-22s %d of %d\n' "$kind" "${failed[$kind]}" "$((${failed[$kind]} + ${passed[$kind]:-0}))"
    elif ((${passed[$kind]:-0})); then
      printf 'PASS         %-22s %d\n' "$kind" "${passed[$kind]}"
    fi
    ((${unchecked[$kind]:-0})) && printf 'NOT CHECKED  %-22s %d\n' "$kind" "${unchecked[$kind]}"
  done
  printf '\n'
  ((${#notes[@]})) && printf '%s\n' "${notes[@]}" ''
  if ((bad)); then
    printf 'VERDICT: WRONG. %d checks failed; do not rely on this pack.\n' "$bad"
    exit 1
  elif ((open)); then
    printf 'VERDICT: NOTHING WRONG FOUND, but %d checks could not be made (%s).\n' "$open" "$summary"
    exit 2
  fi
  printf 'VERDICT: GOOD (%s).\n' "$summary"
  exit 0
}
give_up() { # KIND TEXT: what follows would rest on it
  fail "$1" "$2"
  verdict
}
summary='' notes=()

# --- what was asked, with which tools ------------------------------------------------------

if ((BASH_VERSINFO[0] * 100 + BASH_VERSINFO[1] < 404)); then
  printf 'NOT CHECKED: bash 4.4 or newer is needed, this is %s.\n' "$BASH_VERSION" >&2
  exit 2
fi
if (($# < 1 || $# > 2)) || ! [[ $1 =~ ^$sha256$ && ${2:-$1} =~ ^$sha256$ ]]; then
  printf 'usage: %s GENESIS_SHA256 [LAST_ENTRY_SHA256]   (64 digits, 0-9 and a-f, each)\n' "${0##*/}" >&2
  exit 3
fi
genesis=$1 last=${2:-}
for tool in openssl sha256sum zstd jq base64 cat cmp cut date dirname head mkfifo mktemp realpath rm sort split stat tail tee wc; do
  if ! command -v "$tool" >/dev/null; then
    printf 'NOT CHECKED: %s is needed and is not here.\n' "$tool" >&2
    exit 2
  fi
done
cd -- "$(dirname -- "${BASH_SOURCE[0]}")" || exit 2
work=$(mktemp -d) || exit 2
trap 'rm -rf -- "$work"' EXIT
mkdir -- "$work/"{key,payload,entry,manifest} || exit 2
# openssl checks ML-DSA from version 3.5 on; an older one says nothing of that list.
ml_dsa=$([[ $(openssl list -signature-algorithms 2>/dev/null) == *ML-DSA-65* ]] && echo yes)

# --- the files -----------------------------------------------------------------------------

in_batches() { # ARRAY COMMAND...: many files for one call, but never too many
  local -n batch=$1
  local start
  shift
  for ((start = 0; start < ${#batch[@]}; start += 500)); do
    "$@" "${batch[@]:start:500}" || return
  done
}

files=() entries=() tokens=()
declare -A sha256_of bytes_of named
for file in archive archive/** keys keys/** pack.json SHA256SUMS report.html VERIFY.md verify.sh; do
  if [[ -L $file || ! -e $file ]]; then
    give_up 'files' "$file is missing, or is a link"
  elif [[ -d $file ]]; then
    continue
  elif ! [[ -f $file && $file =~ ^($entry_file|$token_file|$manifest_file|$segment_file|$key_file|[A-Za-z0-9]+(\.[a-z]+)?)$ ]]; then
    give_up 'files' "$file: a pack holds no such file"
  fi
  files+=("$file")
  [[ $file =~ ^$entry_file$ ]] && entries+=("$file")
  [[ $file =~ ^$token_file$ ]] && tokens+=("$file")
done
in_batches files sha256sum -- >"$work/sums" || give_up 'files' 'cannot all be read'
while read -r digest file; do sha256_of[$file]=$digest; done <"$work/sums"
in_batches files stat -c '%s %n' -- >"$work/sizes" || give_up 'files' 'cannot all be read'
while read -r bytes file; do bytes_of[$file]=$bytes; done <"$work/sizes"
check 'SHA256SUMS' 'files were changed, added or lost on the way' \
  cmp -s <(sort SHA256SUMS) <(while read -r line; do [[ $line == *' SHA256SUMS' ]] || echo "$line"; done <"$work/sums" | sort)

# --- envelopes, and the statements in them ----------------------------------------------------

envelope='
  def sha256: type == "string" and test("\\A[0-9a-f]{64}\\z");
  def base64: type == "string" and test("\\A[A-Za-z0-9+/]+={0,2}\\z");
  if keys == ["payload", "payloadType", "signatures"] and .payloadType == "application/vnd.in-toto+json"
    and (.payload | type == "string")
    and (.signatures | type == "array" and length > 0 and length <= 16 and . == unique_by(.keyid)
      and all(keys == ["keyid", "sig"] and (.keyid | sha256) and (.sig | base64)))
  then [input_filename, (.signatures | map(.keyid + "=" + .sig) | join(" "))] | @tsv
  else error("not an envelope") end'

statements_of() { # ARRAY FOLDER: what the envelopes hold, decoded into FOLDER/000000000000 and on
  local number=0 file
  local -n envelopes=$1
  # The one spelling: else the same file could be read in two ways.
  in_batches "$1" canonical || return
  in_batches "$1" jq -r "$envelope" >"$2.signatures" 2>/dev/null || return
  cmp -s <(cut -f 1 "$2.signatures") <(printf '%s\n' "${envelopes[@]}") || return
  in_batches "$1" jq -r '[.payload] | @tsv' | split -l 1 -d -a 12 - "$work/payload/" || return
  for file in "$work/payload/"*; do
    base64 -d "$file" >"$2/${file##*/}" 2>/dev/null || return
    number=$((number + 1))
  done
  rm -- "$work/payload/"*
  local statements=("$2/"*) bytes
  while read -r bytes file; do bytes_of[$file]=$bytes; done < <(in_batches statements stat -c '%s %n' --)
  ((number == ${#envelopes[@]}))
}
canonical() { cmp -s <(jq -cjS . "$@" 2>/dev/null) <(cat -- "$@"); }

# --- which fields a statement has: all that it must have, and none that this script does not know ---

shape='
  def fields($place; $must; $may):
    ((keys - $must - $may)[] | ["holds a field that the format does not know", $place + .[:100]]),
    (($must - keys)[] | ["lacks the field", $place + .]);
  def statement: fields(""; ["_type", "predicate", "predicateType", "subject"]; []),
    (.subject[] | fields("subject."; ["digest", "name"]; []), (.digest | fields("subject.digest."; ["sha256"]; [])));
  def public_keys: .keys[] | fields("predicate.keys."; ["keyid", "keytype", "public", "scheme"]; []);
  def stored($place): fields($place; ["bytes", "key", "lock_mode", "retain_until", "sha256", "version_id"]; []);
  def run: if has("run") then .run | fields("predicate.run."; ["dag_id", "run_id", "task_id", "try_number"];
    ["bundle", "bundle_version", "dag_version_id"]) else empty end;
  def genesis($every): fields("predicate."; $every + ["keys", "policy"]; []), public_keys,
    (.policy | fields("predicate.policy."; ["algorithms", "lock_mode", "retain_days"]; ["timestamp_hours"]));
  def seal($linked): fields("predicate."; $linked + ["date", "interval_end", "interval_start", "manifest", "objects",
      "revision", "totals"]; ["reason", "run"]),
    (.manifest | stored("predicate.manifest.")), (.objects[] | stored("predicate.objects.")), run,
    (.totals | fields("predicate.totals."; ["content_bytes", "inputs", "records", "segments", "stored_bytes"]; []));
  def verification($linked): fields("predicate."; $linked + ["date", "failed", "failures", "passed", "sample",
      "unverifiable"]; ["run"]), run,
    (.sample | fields("predicate.sample."; ["population", "seed", "seed_sequence", "size"]; ["by_checksum"])),
    (.failures[] | fields("predicate.failures."; ["check", "where"]; []));
  def entry: ["archive", "at", "kind", "sequence", "version"] as $every | ($every + ["genesis", "previous"]) as $linked
    | if .kind == "genesis" then genesis($every)
      elif .kind == "seal" then seal($linked)
      elif .kind == "gap" then fields("predicate."; $linked + ["date", "reason"]; [])
      elif .kind == "key-rotation" then fields("predicate."; $linked + ["keys"]; []), public_keys
      elif .kind == "key-revocation"
        then fields("predicate."; $linked + ["from_sequence", "keyid", "keys", "reason"]; []), public_keys
      elif .kind == "verification" then verification($linked)
      else error("not an entry") end;
  def input: fields("predicate.inputs."; ["end", "final_newline", "parts", "sha256", "source", "start", "uri"];
      ["first_event", "last_event", "object_version"]),
    (.parts[] | fields("predicate.inputs.parts."; ["records", "segment"]; [])),
    (if has("object_version") then .object_version | fields("predicate.inputs.object_version."; ["etag"]; ["version_id"])
      else empty end);
  def manifest: fields("predicate."; ["archive", "date", "genesis", "inputs", "redaction", "revision", "segments",
      "version"]; []), (.inputs[] | input),
    (.segments[] | fields("predicate.segments."; ["content_bytes", "content_sha256", "key", "merkle_root", "records",
      "source", "stored_bytes", "stored_sha256"]; [])),
    (.redaction | fields("predicate.redaction."; ["policy_sha256", "replacements"]; []));
  statement, (.predicate | if $document == "entry" then entry else manifest end)
  | [input_filename] + . | @tsv'

check_fields() { # ARRAY KIND DOCUMENT: what is not known could mean anything, to another reader too
  local file what field
  local -n envelopes=$1
  in_batches statements jq -r --arg document "$3" "$shape" >"$work/strange" 2>/dev/null && [[ ! -s $work/strange ]] && return
  while IFS=$'\t' read -r file what field; do
    fail "$2" "${envelopes[10#${file##*/}]} $what: $field"
  done <"$work/strange"
  [[ -s $work/strange ]] && verdict
  give_up "$2" 'a statement has other fields than the format knows'
}

# --- the ledger: numbers, links, what each entry says ------------------------------------------

((${#entries[@]})) || give_up 'ledger' 'is empty'
for number in "${!entries[@]}"; do
  printf -v file 'archive/ledger/%012d.dsse.json' "$number"
  equal "${entries[number]}" "$file" || give_up 'ledger' "$file is missing"
done
equal "${sha256_of[${entries[0]}]}" "$genesis" || give_up 'genesis' "another archive: ${sha256_of[${entries[0]}]}"
pass 'genesis'
statements_of entries "$work/entry" || give_up 'ledger' 'an entry is not a signed statement in its one spelling'

archive=$(jq -r .predicate.archive "$work/entry/000000000000" 2>/dev/null)
said='
  def text(pattern): type == "string" and test("\\A(" + pattern + ")\\z");
  def sha256: text("[0-9a-f]{64}");
  def number: type == "number" and . >= 0 and . == floor and . < 9007199254740992;
  def date: text("[0-9]{4}-[0-9]{2}-[0-9]{2}");
  def moment: text("[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z");
  def padded(digits): ("000000000000" + tostring)[-digits:];
  def subject(name; digest): {name: name, digest: {sha256: digest}};
  def public_key: (.keyid | sha256)
    and (.public | text("-----BEGIN PUBLIC KEY-----\n([A-Za-z0-9+/=]{1,76}\n)+-----END PUBLIC KEY-----\n?"))
    and ([.scheme, .keytype] | . == ["rsassa-pss-sha256", "rsa"] or . == ["ml-dsa-65/1", "ml-dsa"] or . == ["ed25519", "ed25519"]
      or . == ["ecdsa-sha2-nistp256", "ecdsa"] or . == ["ecdsa-sha2-nistp384", "ecdsa"]);
  def stored(pattern): (.key | text(pattern)) and (.sha256 | sha256) and (.bytes | number);
  def next_day: (. + "T00:00:00Z" | fromdateiso8601) + 86400 | todateiso8601;
  def seal: (.date | date) and (.revision | number)
    and (.date as $day | (.revision | padded(4)) as $revision
      | (.manifest | stored("manifests/date=" + $day + "/r" + $revision + "-[0-9a-f]{16}\\.dsse\\.json"))
      and (.objects | all(stored("logs/source=[a-z0-9][a-z0-9._-]{0,62}/date=" + $day
        + "/part-[0-9]{5}-[0-9a-f]{16}\\.(jsonl|log)\\.zst"))))
    and .interval_start == .date + "T00:00:00Z" and .interval_end == (.date | next_day)
    and .at >= .interval_end and (.revision == 1 or (.reason | type == "string"));
  . as $statement | .predicate
  | if $statement._type == "https://in-toto.io/Statement/v1"
      and $statement.predicateType == "urn:audit-trail:ledger-entry:v1"
      and .version == 1 and (.at | moment) and (.sequence | number) and .archive == $archive
      and (if .kind == "genesis" then .sequence == 0 else .genesis == $genesis and (.previous | sha256) end)
      and (if .keys then (.keys | length > 0 and length <= 8 and all(public_key)) else true end)
      and (if .kind == "genesis" then .keys and (.policy.algorithms | all(text("[a-z0-9/-]+")))
        elif .kind == "key-rotation" then .keys
        elif .kind == "key-revocation" then .keys and (.keyid | sha256) and (.from_sequence | number)
        elif .kind == "seal" then seal
        elif .kind == "gap" then .date | date
        else .kind == "verification" end)
      and $statement.subject == (
        if .keys then .keys | map(subject("key:" + .scheme; .keyid))
        elif .kind == "seal" then [.manifest | subject(.key; .sha256)]
        else [subject("ledger/" + (.sequence - 1 | padded(12)) + ".dsse.json"; .previous)] end)
    then . else error("not an entry") end
  | (.keys // [] | .[] | ["key", .keyid, .scheme, .public]),
    (if .kind == "genesis" then ["algorithms", (.policy.algorithms | sort | join(" ")), (if .policy.timestamp_hours then 1 else 0 end)]
     elif .kind == "key-revocation" then ["revoked", .keyid, .from_sequence]
     elif .kind == "gap" then ["gap", .date]
     elif .kind == "seal" then ["seal", .date, .revision, .manifest.key, .manifest.sha256, .manifest.bytes],
       ["totals", (.totals | [.inputs, .segments, .records, .content_bytes, .stored_bytes] | map(tostring) | join(" "))],
       (.objects[] | ["object", .key, .sha256, .bytes])
     else empty end),
    ["entry", .sequence, .kind, (.previous // "-")]
  | @tsv'
statements=("$work/entry/"*)
check_fields entries 'ledger' entry
in_batches statements jq -r --arg archive "$archive" --arg genesis "$genesis" "$said" >"$work/said" 2>/dev/null ||
  give_up 'ledger' 'an entry is not well formed, or is of another archive'

# --- the ledger: signatures, by the keys believed at each entry ------------------------------

declare -A scheme_of revoked_from revoked_at revisions seal_of gap_on
era_first=(0) era_keys=() seals=() signers_at=()
algorithms='' believed='' tokens_promised=0

sorted() { printf '%s\n' "$@" | sort -u | { mapfile -t lines && echo "${lines[*]}"; }; }

learn_key() { # KEYID SCHEME PEM: its id is the SHA-256 of its DER, its type the one the scheme needs
  local file="$work/key/$1" body
  printf '%b' "$3" >"$file"
  body=${3#*-----\\n} body=${body%%-----END*} body=${body//\\n/}
  [[ $(base64 -d <<<"$body" 2>/dev/null | sha256sum) == "$1  -" ]] || return
  case $2 in # how the DER of each kind begins: its algorithm, and the length of what follows
    # SEQUENCE { SEQUENCE { OID 2.16.840.1.101.3.4.3.18 } BIT STRING of 1952 bytes }
    ml-dsa-65/1) [[ $body == MIIHsjALBglghkgBZQMEAxIDggehA* ]] || return ;;
    # … { OID ecPublicKey, OID of the curve } BIT STRING of 65 or 97 bytes, the first of them 4: not compressed
    ecdsa-sha2-nistp256) [[ $body == MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE* ]] || return ;;
    ecdsa-sha2-nistp384) [[ $body == MHYwEAYHKoZIzj0CAQYFK4EEACIDYgAE* ]] || return ;;
    # … { OID 1.3.101.112 } BIT STRING of 32 bytes
    ed25519) [[ $body == MCowBQYDK2VwAyEA* ]] || return ;;
    *)
      local text
      text=$(openssl rsa -pubin -in "$file" -noout -text 2>/dev/null) || return
      [[ $text =~ \(([0-9]+)\ bit\) ]] && ((BASH_REMATCH[1] >= 2048)) || return
      ;;
  esac
  scheme_of[$1]=$2
}

check_signatures() { # WHERE STATEMENT "KEYID=SIGNATURE ..." "KEYIDS, SORTED": by exactly these keys
  local item keyid found=''
  for item in $3; do found+="${item%%=*} "; done
  if [[ ${found% } != "$4" ]]; then
    fail 'signers' "$1 is not signed by exactly the keys believed there"
    return
  fi
  pass 'signers'
  { printf 'DSSEv1 28 application/vnd.in-toto+json %d ' "${bytes_of[$2]}" && cat -- "$2"; } >"$work/pae"
  for item in $3; do
    keyid=${item%%=*}
    if [[ ${scheme_of[$keyid]} == ml-dsa-65/1 && ! $ml_dsa ]]; then
      skip 'ML-DSA signatures'
      continue
    fi
    base64 -d <<<"${item#*=}" >"$work/signature" 2>/dev/null
    case ${scheme_of[$keyid]} in
      rsassa-pss-sha256)
        check 'RSA-PSS signatures' "$1: does not verify" openssl dgst -sha256 -sigopt rsa_padding_mode:pss \
          -sigopt rsa_pss_saltlen:auto -verify "$work/key/$keyid" -signature "$work/signature" "$work/pae" &>/dev/null
        ;;
      ecdsa-sha2-nistp*)
        check 'ECDSA signatures' "$1: does not verify" openssl dgst "-sha${scheme_of[$keyid]: -3}" \
          -verify "$work/key/$keyid" -signature "$work/signature" "$work/pae" &>/dev/null
        ;;
      ed25519)
        check 'Ed25519 signatures' "$1: does not verify" openssl pkeyutl -verify -pubin -inkey "$work/key/$keyid" \
          -rawin -in "$work/pae" -sigfile "$work/signature" &>/dev/null
        ;;
      *)
        # Its scheme, ml-dsa-65/1, signs a digest: TAP 21 of The Update Framework.
        { printf 'tuf\001' && openssl dgst -sha512 -binary "$work/pae"; } >"$work/digest"
        check 'ML-DSA signatures' "$1: does not verify" openssl pkeyutl -verify -pubin -inkey "$work/key/$keyid" \
          -rawin -in "$work/digest" -sigfile "$work/signature" &>/dev/null
        ;;
    esac
  done
}

take_keys() { # SEQUENCE KIND "KEYIDS" REVOKED FROM: who must sign this entry, and who the next ones
  local keyid new='' kept='' schemes=()
  for keyid in $3; do
    schemes+=("${scheme_of[$keyid]}")
    [[ " $believed " == *" $keyid "* ]] || new+="$keyid "
  done
  for keyid in $believed; do
    [[ $keyid == "$4" ]] && continue
    kept+="$keyid "
    [[ $2 != key-revocation || " $3 " == *" $keyid "* ]] || give_up 'keys' "entry $1 takes away a key that it does not name"
  done
  [[ $(printf '%s\n' "${schemes[@]}" | sort | { mapfile -t lines && echo "${lines[*]}"; }) == "$algorithms" ]] ||
    give_up 'keys' "entry $1 does not bring one key of each algorithm of the genesis"
  for keyid in $new; do
    [[ " ${era_keys[*]} " != *" $keyid "* ]] || give_up 'keys' "entry $1 brings back a key that was given up"
  done
  case $2 in
    key-rotation) [[ $new ]] || give_up 'keys' "entry $1 brings no new key" ;;
    key-revocation)
      [[ $kept && " ${era_keys[*]} " == *" $4 "* && ! ${revoked_at[$4]:-} && " $3 " != *" $4 "* ]] && (($5 >= 1 && $5 <= $1)) ||
        give_up 'keys' "entry $1 is no revocation that may stand here"
      revoked_from[$4]=$5 revoked_at[$4]=$1
      ;;
  esac
  signers=$(sorted $kept $new) believed_next=$(sorted $3)
}

number=0 keys='' revoked='' from=0
exec 3<"$work/entry.signatures"
while IFS=$'\t' read -r what a b c d e; do
  case $what in
    key) learn_key "$a" "$b" "$c" || give_up 'keys' "entry $number: key ${a:0:16} is not what its id and scheme say"; keys+="$a " ;;
    algorithms) algorithms=$a tokens_promised=$b ;;
    revoked) revoked=$a from=$b ;;
    gap) gap_on[$a]=1 ;;
    object) objects_of[${#seals[@]} - 1]+="$a $b $c"$'\n' ;;
    totals) totals_of[${#seals[@]} - 1]=$a ;;
    seal)
      revisions[$a]=$((${revisions[$a]:-0} + 1))
      check 'revisions' "entry $number: revision $b of $a where ${revisions[$a]} is due" equal "$b" "${revisions[$a]}"
      seals+=("$number $a $b $c $d $e") objects_of[${#seals[@]} - 1]='' seal_of[$a]=1
      ;;
    entry)
      equal "$a" "$number" || give_up 'ledger' "entry $number says that it is entry $a"
      ((number == 0)) || equal "$c" "${sha256_of[${entries[number - 1]}]}" ||
        give_up 'ledger' "entry $number does not name the digest of the entry before it"
      [[ $b == genesis ]] && ((number > 0)) && give_up 'ledger' "entry $number is a second genesis"
      [[ $b != genesis ]] && ((number == 0)) && give_up 'ledger' 'entry 0 is not a genesis'
      signers=$believed believed_next=$believed
      [[ $keys ]] && take_keys "$number" "$b" "$keys" "$revoked" "$from"
      IFS=$'\t' read -r _ signatures <&3
      printf -v file '%s/entry/%012d' "$work" "$number"
      check_signatures "entry $number" "$file" "$signatures" "$signers"
      signers_at[number]=$signers
      if [[ $believed_next != "$believed" ]]; then
        ((number == 0)) || era_first+=($((number + 1)))
        era_keys+=("$believed_next") believed=$believed_next
      fi
      pass 'ledger'
      number=$((number + 1)) keys='' revoked='' from=0
      ;;
  esac
done <"$work/said"
exec 3<&-
((number == ${#entries[@]})) || give_up 'ledger' 'not every entry could be read'
for keyid in "${!revoked_at[@]}"; do
  for ((number = ${revoked_from[$keyid]}; number < ${revoked_at[$keyid]}; number++)); do
    [[ " ${signers_at[number]} " != *" $keyid "* ]] ||
      fail 'revoked keys' "entry $number rests on key ${keyid:0:16}, which is not believed from entry ${revoked_from[$keyid]} on"
  done
done

# --- where the ledger ends, and which days the pack is about ----------------------------------

head=$((${#entries[@]} - 1)) head_sha256=${sha256_of[${entries[-1]}]}
IFS=$'\t' read -r first_day last_day segments_included pack_head pack_head_sha256 < <(
  jq -r '[.range.from, .range.to, .segments_included, .head.sequence, .head.sha256] | @tsv' pack.json 2>/dev/null)
[[ $first_day =~ ^$day$ && $last_day =~ ^$day$ && ! $first_day > $last_day && $segments_included =~ ^(true|false)$ ]] ||
  give_up 'pack.json' 'cannot be read'
check 'end of the ledger' "pack.json says entry $pack_head, $pack_head_sha256" \
  equal "$pack_head $pack_head_sha256" "$head $head_sha256"
if [[ $last ]]; then
  known=no
  for file in "${entries[@]}"; do [[ ${sha256_of[$file]} == "$last" ]] && known=yes; done
  check 'end of the ledger' "the entry that you know of, $last, is not in it" equal "$known" yes
else
  notes+=('No LAST_ENTRY_SHA256 was given: whether entries were cut off at the end cannot be told.')
fi
summary="archive ${archive//[^ -~]/?}, days $first_day to $last_day, ledger to entry $head, $head_sha256"
start=$(date -u -d "$first_day" +%s) && end=$(date -u -d "$last_day" +%s) || give_up 'pack.json' 'names no days'
for ((second = start; second <= end; second += 86400)); do
  printf -v date '%(%F)T' "$second"
  check 'days' "$date is neither sealed nor declared a gap" test -n "${seal_of[$date]:-}${gap_on[$date]:-}"
done

# --- manifests: digest, signatures, and that they say what their seals say ----------------------

manifests=() chosen=()
declare -A incomplete
for number in "${!seals[@]}"; do
  read -r sequence date revision key digest bytes <<<"${seals[number]}"
  [[ $date < $first_day || $date > $last_day ]] && continue
  named[archive/$key]=1
  while read -r object rest; do [[ $object ]] && named[archive/$object]=1; done <<<"${objects_of[number]}"
  if [[ ${sha256_of[archive/$key]:-} != "$digest" || ${bytes_of[archive/$key]} != "$bytes" ]]; then
    fail 'manifests' "$key is missing, or is not the sealed one"
    incomplete[$date]=1
    continue
  fi
  manifests+=("archive/$key") chosen+=("$number")
done

described='
  def text(pattern): type == "string" and test("\\A(" + pattern + ")\\z");
  def number: type == "number" and . >= 0 and . == floor and . < 9007199254740992;
  def per_segment: map(select(.records > 0)) | group_by(.segment) | map([.[0].segment, (map(.records) | add)]);
  . as $statement | .predicate
  | if $statement._type == "https://in-toto.io/Statement/v1"
      and $statement.predicateType == "urn:audit-trail:manifest:v1"
      and .version == 1 and .archive == $archive and .genesis == $genesis
      and (.segments | all((.key | text("[a-z0-9._=/-]+")) and (.stored_sha256 | text("[0-9a-f]{64}"))
        and (.content_sha256 | text("[0-9a-f]{64}")) and (.stored_bytes | number)
        and (.content_bytes | number) and (.records | number)))
      and $statement.subject == (
        if .segments == [] then [{name: "redaction-policy", digest: {sha256: .redaction.policy_sha256}}]
        else .segments | map({name: .key, digest: {sha256: .stored_sha256}}) end)
      and ([.inputs[].parts[]] | per_segment)
        == ([.segments | to_entries[] | {segment: .key, records: .value.records}] | per_segment)
    then . else error("not a manifest") end
  | (.segments[] | ["segment", .key, .stored_sha256, .stored_bytes, .content_sha256, .content_bytes, .records]),
    ["manifest", .date, .revision, ([(.inputs, .segments | length),
      (.segments | [.[].records], [.[].content_bytes], [.[].stored_bytes] | add // 0)] | map(tostring) | join(" "))]
  | @tsv'

inputs='
  def number: type == "number" and . >= 0 and . == floor and . < 9007199254740992;
  .predicate | .date as $date | .inputs[]
  | if (.start | number) and (.end | number) and .start <= .end and all(.source, .uri; type == "string" and . != "")
    then [$date, .source, .uri, .start, .end] else error("not a range") end
  | @tsv'

check_ranges() { # What the revisions of a day took of each source file is all of it, once
  local date source uri start end file seen='' next=0
  while IFS=$'\t' read -r date source uri start end; do
    [[ ${incomplete[$date]:-} ]] && continue
    file="$date"$'\t'"$source"$'\t'"$uri"
    [[ $file == "$seen" ]] || seen=$file next=0
    check 'source ranges' "$date: bytes of $uri are left out or sealed twice from $next on" equal "$start" "$next"
    next=$end
  done
}

manifest_keys() { # SEQUENCE "KEYIDS THAT SIGNED": which keys must have, see key rotation in VERIFY.md
  local era keyid newest=''
  for ((era = ${#era_keys[@]} - 1; era >= 0; era--)); do
    ((era_first[era] <= $1)) || continue
    : "${newest:=${era_keys[era]}}"
    [[ ${era_keys[era]} == "$2" ]] || continue
    for keyid in $2; do ((${revoked_from[$keyid]:-$1 + 1} > $1)) || continue 2; done
    echo "$2"
    return
  done
  echo "$newest"
}

declare -A content_of
if ((${#manifests[@]})); then
  statements_of manifests "$work/manifest" || give_up 'manifests' 'one is not a signed statement in its one spelling'
  statements=("$work/manifest/"*)
  check_fields manifests 'manifests' manifest
  in_batches statements jq -r --arg archive "$archive" --arg genesis "$genesis" "$described" >"$work/described" 2>/dev/null ||
    give_up 'manifests' 'one is not well formed, or is of another archive'
  number=0 listed=''
  exec 3<"$work/manifest.signatures"
  while IFS=$'\t' read -r what a b c d e f; do
    if [[ $what == segment ]]; then
      listed+="$a $b $c"$'\n' content_of[$a]="$d $e $f"
      continue
    fi
    read -r sequence date revision key _ <<<"${seals[chosen[number]]}"
    check 'manifests' "$key does not say what its seal says" \
      equal "$a $b $c $listed" "$date $revision ${totals_of[chosen[number]]} ${objects_of[chosen[number]]}"
    IFS=$'\t' read -r _ signatures <&3
    signed_by=''
    for item in $signatures; do signed_by+="${item%%=*} "; done
    printf -v file '%s/manifest/%012d' "$work" "$number"
    check_signatures "$key" "$file" "$signatures" "$(manifest_keys "$sequence" "${signed_by% }")"
    number=$((number + 1)) listed=''
  done <"$work/described"
  exec 3<&-
  ((number == ${#manifests[@]})) || give_up 'manifests' 'not every one could be read'
  in_batches statements jq -r "$inputs" 2>/dev/null | sort -t $'\t' -k 1,3 -k 4,4n -k 5,5n >"$work/ranges" ||
    give_up 'manifests' 'an input of one is not well formed'
  check_ranges <"$work/ranges"
fi

# --- segments: the stored bytes, and the records in them -------------------------------------

check_records() { # FILE CONTENT_SHA256 CONTENT_BYTES RECORDS: read once, by three readers
  local lines bytes ends=0 digest
  rm -f -- "$work/"{hashed,ended}
  mkfifo -- "$work/hashed" "$work/ended" || return
  sha256sum <"$work/hashed" >"$work/hash" &
  tail -c 1 <"$work/ended" >"$work/end" &
  read -r lines bytes < <(zstd -dcq -- "$1" 2>/dev/null | head -c $(($3 + 1)) | tee "$work/hashed" "$work/ended" | wc -lc)
  wait
  read -r digest _ <"$work/hash"
  # A last record may lack its newline; it is a record nevertheless.
  [[ -s $work/end && $(wc -l <"$work/end") -eq 0 ]] && ends=1
  [[ "$digest $bytes $((lines + ends))" == "$2 $3 $4" ]]
}

for number in "${!seals[@]}"; do
  read -r sequence date _ <<<"${seals[number]}"
  [[ $date < $first_day || $date > $last_day ]] && continue
  while read -r key digest bytes; do
    [[ $key ]] || continue
    file="archive/$key"
    if [[ $segments_included == false && ! -e $file ]]; then
      skip 'segments'
    elif [[ ${sha256_of[$file]:-} != "$digest" || ${bytes_of[$file]} != "$bytes" ]]; then
      fail 'segments' "$key is missing, or is not the sealed one"
    else
      pass 'segments'
      if [[ ${content_of[$key]:-} ]]; then
        check 'records' "$key does not hold what its manifest says" check_records "$file" ${content_of[$key]}
      else
        skip 'records'
      fi
    fi
  done <<<"${objects_of[number]}"
done

# --- time-stamp tokens, where the authority's certificate was given ----------------------------

check_token() { # FILE: its signature is judged as of the time that it states
  local stated
  stated=$(openssl ts -reply -in "$1" -text 2>/dev/null | while IFS= read -r line; do
    [[ $line == 'Time stamp: '* ]] && printf '%s' "${line#Time stamp: }"
  done)
  stated=$(date -d "$stated" +%s 2>/dev/null) || return
  openssl ts -verify -data "${1%.tsr}.dsse.json" -in "$1" -CAfile "$authority" -attime "$stated" >/dev/null 2>&1
}

# --- nothing else ----------------------------------------------------------------------------

for file in "${files[@]}"; do
  case $file in
    archive/ledger/*.tsr)
      check 'nothing unnamed' "$file: a token of no entry" equal "${sha256_of[${file%.tsr}.dsse.json]+there}" there
      if [[ $authority == /dev/null ]]; then
        skip 'time-stamp tokens'
      else
        check 'time-stamp tokens' "$file is not over its entry, or not signed by the authority" check_token "$file"
      fi
      ;;
    archive/ledger/*) ;;
    archive/*) check 'nothing unnamed' "$file: no seal of these days names it" equal "${named[$file]:-}" 1 ;;
  esac
done
if ((tokens_promised && ${#tokens[@]} == 0)); then skip 'time-stamp tokens'; fi
copies=()
for keyid in "${!scheme_of[@]}"; do
  case ${scheme_of[$keyid]} in
    rsassa-pss-sha256) short=rsa ;;
    ml-dsa-65/1) short=ml-dsa-65 ;;
    ecdsa-sha2-nistp*) short=ecdsa-p${scheme_of[$keyid]: -3} ;;
    *) short=ed25519 ;;
  esac
  copies+=("keys/$short-${keyid:0:16}.pub.pem")
  check 'copies of the keys' "${copies[-1]} is not the ledger's key" cmp -s -- "${copies[-1]}" "$work/key/$keyid"
done
check 'copies of the keys' 'keys/ holds others than the ledger' equal "$(sorted keys/*)" "$(sorted "${copies[@]}")"
if [[ ! $ml_dsa && ${unchecked[ML-DSA signatures]:-} ]]; then
  notes+=("This openssl cannot check ML-DSA signatures; one of version 3.5 or later does. The others were checked.")
fi
if [[ $segments_included == false ]]; then notes+=('The pack was made without log records: only their digests are proven.'); fi
if ((${unchecked[time-stamp tokens]:-0})); then notes+=('Time-stamp tokens: name the root certificate of who issued them in AUTHORITY; see VERIFY.md.'); fi
verdict
