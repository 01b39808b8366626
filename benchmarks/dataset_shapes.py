"""What the records of the made-up logs look like.

`~name~` is drawn anew for each record (see `dataset_values.py`), `~time~` is
the record's own time. CLEAN shapes hold nothing that has to be redacted, HIT
shapes one to three values that do.
"""

from __future__ import annotations

_HEAD = '{"timestamp":"~time~","service":"~host~","request_id":"~id~",'
_CALL = '"method":"~method~","path":"~path~","status":~status~,"duration_ms":~millis~,"client_ip":"~ip~",'
_POST = '"method":"POST","path":"~path~","status":201,"duration_ms":~millis~,"client_ip":"~ip~",'

JSON_CLEAN = (
    _HEAD + _CALL + '"user_id":"~user~","user_agent":"~agent~","bytes_out":~number~,"cache":"miss",'
    '"trace":{"span_id":"~short~","sampled":true},"tags":["web","eu-central-1"],"message":"request handled"}',
    _HEAD + _CALL + '"user_id":"~user~","query":{"page":~number~,"sort":"created_at","limit":50},'
    '"response":{"items":~number~,"next_page_token":null},"region":"eu-central-1","message":"list returned"}',
    _HEAD
    + _POST
    + '"user_id":"~user~","request":{"order_id":~number~,"items":[{"sku":"~short~","quantity":2},'
    '{"sku":"~short~","quantity":1}],"currency":"EUR","note":"leave it at the door, \\"ring twice\\""},'
    '"response":{"order_id":"~uuid~","total":"~number~.90"}}',
    _HEAD + '"event":"job-finished","job":"~uuid~","queue":"mail","attempt":1,"duration_ms":~millis~,'
    '"rows_read":~number~,"rows_written":~number~,"checksum":"~id~","worker":"~host~","pid":~pid~,'
    '"message":"export to s3://acme-exports/2026/~short~.parquet is done, ~number~ rows in ~number~ files"}',
    _HEAD + _CALL + '"user_id":"~user~","message":"upstream timed out, tried again","upstream":"~ip~:~port~",'
    '"error":{"type":"TimeoutError","stack":"at handler (/srv/app/dist/~short~.js:~number~:17)\\n    at next'
    ' (/srv/app/router.js:88:5)"}}',
)
JSON_HIT = (
    _HEAD + _POST + '"user_id":"~user~","user_agent":"~agent~","request":{"username":"~email~",'
    '"password":"~password~","remember":true},"response":{"session":"~short~"},"message":"signed in"}',
    _HEAD
    + _CALL
    + '"user_id":"~user~","headers":{"accept":"application/json","authorization":"Bearer ~jwt~",'
    '"x-request-id":"~uuid~"},"message":"request handled"}',
    _HEAD + _POST + '"user_id":"~user~","request":{"amount":~number~,"currency":"EUR","card_number":"~card~",'
    '"holder":"A. Customer","expires":"11/29"},"response":{"payment":"~uuid~","state":"authorised"}}',
    _HEAD + _POST + '"user_id":"~user~","request":{"email":"~email~","phone":"~phone~","address":{"street":'
    '"~number~ Example Street","city":"Springfield","zip":"~port~"}},"message":"profile changed"}',
    _HEAD + '"event":"payout","account":"~iban~","amount":"~number~.50","currency":"EUR","batch":"~uuid~",'
    '"user_id":"~user~","worker":"~host~","pid":~pid~,"duration_ms":~millis~,"message":"payout was booked"}',
    _HEAD + _CALL + '"user_id":"~user~","message":"calling upstream https://partner.example.com/v2/~short~?'
    'client=~host~&api_key=~secret~&page=~number~","retries":0,"trace":{"span_id":"~short~"}}',
    _HEAD + '"event":"webhook","body":"{\\"id\\":\\"~uuid~\\",\\"customer\\":{\\"email\\":\\"~email~\\",'
    '\\"token\\":\\"~secret~\\"},\\"amount\\":~number~}","attempt":1,"duration_ms":~millis~,"worker":"~host~"}',
    _HEAD
    + '"event":"credentials-rotated","aws":{"access_key_id":"~accesskey~","secret_access_key":"~secret~"},'
    '"worker":"~host~","pid":~pid~,"duration_ms":~millis~,"message":"rotated by ~login~"}',
)

_LINE = "~time~ ~host~ "

SYSTEM_CLEAN = (
    _LINE + "sshd[~pid~]: Accepted publickey for ~login~ from ~ip~ port ~port~ ssh2: ED25519 SHA256:~id~",
    _LINE + "sshd[~pid~]: pam_unix(sshd:session): session opened for user ~login~(uid=~number~) by (uid=0)",
    _LINE + "systemd[1]: Started app-worker@~number~.service - Worker ~short~ of the application queue.",
    _LINE + "kernel: [~pid~.~port~] [UFW BLOCK] IN=ens5 OUT= MAC=06:1f:5c:aa:10:02:06:9e:31:4b:77:12:08:00 "
    "SRC=~ip~ DST=~ip~ LEN=60 TOS=0x00 PREC=0x00 TTL=47 ID=~pid~ DF PROTO=TCP SPT=~port~ DPT=22 WINDOW=64240",
    _LINE + 'nginx: ~ip~ - - "~method~ ~path~ HTTP/1.1" ~status~ ~number~ "https://shop.example.com/" '
    '"~agent~" rt=0.~number~ id=~short~',
    _LINE + "haproxy[~pid~]: ~ip~:~port~ https-in~ app/~host~ 0/0/1/~number~/~number~ ~status~ ~number~ "
    '- - ---- 212/212/3/1/0 0/0 "~method~ ~path~ HTTP/1.1"',
    _LINE + "CRON[~pid~]: (root) CMD (/usr/local/bin/rotate --keep 14 --queue ~short~ >/dev/null 2>&1)",
    _LINE + "postgres[~pid~]: [~number~-1] LOG:  duration: ~millis~ ms  execute <unnamed>: SELECT id, state, "
    "updated_at FROM jobs WHERE queue = $1 AND id > ~number~ ORDER BY id LIMIT 100",
    _LINE + 'dockerd[~pid~]: level=info msg="ignoring event" container=~id~~id~ module=libcontainerd '
    'namespace=moby topic=/tasks/delete type="*events.TaskDelete"',
    _LINE + "app[~pid~]: WARN pool-~number~ queue depth ~number~ above 1000, oldest job ~uuid~ waits "
    "~millis~ ms; asking for ~number~ more workers in eu-central-1",
)
SYSTEM_HIT = (
    _LINE + "postfix/smtp[~pid~]: ~short~: to=<~email~>, relay=mx.example.com[~ip~]:25, delay=1.2, "
    "dsn=2.0.0, status=sent (250 2.0.0 Ok: queued as ~short~)",
    _LINE + "CRON[~pid~]: (backup) CMD (/usr/bin/mysqldump --user=backup --password=~password~ --host=~host~ "
    "orders | gzip > /var/backups/~short~.sql.gz)",
    _LINE + "app[~pid~]: ERROR connecting to postgresql://app:~secret~@~host~.internal:5432/orders failed "
    "after ~millis~ ms, trying again",
    _LINE + "sudo: ~login~ : TTY=pts/3 ; PWD=/home/~login~ ; USER=root ; COMMAND=/usr/bin/curl -H "
    "Authorization: Bearer ~jwt~ https://~host~.example.com~path~",
)

ALL_HITS = (
    '{"timestamp":"~time~","email":"~email~","password":"~password~","card":"~card~","ssn":"~ssn~",'
    '"phone":"~phone~","authorization":"Bearer ~jwt~","aws":"~accesskey~","iban":"~iban~"}',
    _LINE + "app[~pid~]: login ~email~ password=~password~ card ~card~ from ~ip~",
    *JSON_HIT,
    *SYSTEM_HIT,
)
