"""Words that the scanner knows whatever the policy says."""

from __future__ import annotations

PAIR_VALUES = (
    "value",
    "values",
    "val",
    "v",
    "string value",
    "string",
    "parameter value",
    "field value",
    "attribute value",
    "old value",
    "new value",
    "content",
    "data",
    "text",
)
"""Members that hold the value of a pair."""

PAIR_NAME_KEYS = (
    "name",
    "key",
    "k",
    "n",
    "header",
    "header name",
    "param",
    "param name",
    "parameter",
    "parameter name",
    "parameter key",
    "field",
    "field name",
    "variable",
    "variable name",
    "var",
    "env",
    "env name",
    "attribute",
    "attribute name",
    "property",
    "property name",
    "label",
    "option",
    "option name",
    "setting",
    "flag",
    "arg",
    "tag",
)
"""Members that hold the name of a pair: `{"name": "password", "value": "x"}`."""

IDENTIFIER_KEYS = tuple(
    """
    id ids uid gid ts time timestamp epoch ns us ms nanos micros millis nanoseconds microseconds offset
    seq sequence bytes size count version hash trace span block inode port pid tid serial revision
    cursor offsets order orders invoice ticket tickets transaction txn request req job task build lsn xid
    gtid counter total heap rss delta drift skew activity feature testcase crash issue bug case
    generation partition blk batch node object objects nonce etag chunk segment page snapshot position
    pos addr ptr handle sector duration elapsed latency uptime checksum crc digest item shipment
    tracking parcel barcode gtin upc ean isbn sku awb imei imsi iccid user customer sum bucket ino seqno
    """.split()
)
"""Words whose long numbers are no payment cards, though one in ten would pass for one."""

CARD_KEYS = tuple(
    """
    card cards pan pans cc ccn visa mastercard amex maestro discover diners jcb unionpay payment charge
    charged credit debit cardid cardids cardhash cardserial cardtoken panid panhash
    """.split()
)
"""Words whose numbers are payment cards, also where they stand in a path or behind a dash."""

FILLER_KEYS = ("number", "numbers", "num", "no", "nr", "nbr", "nos", "is", "was", "sent", "received")
"""What may stand between such a word and its number: `order number 4`, `bytes sent 4`."""

PART_KEYS = tuple(
    """
    part sku awb version versions release releases rev revision model serial lot batch bin shelf range
    ranges sector disk disks free used package packages build upc ean gtin isbn catalog zip zipcode
    postcode postalcode plz buffer
    """.split()
)
"""Words whose numbers may have the form of a telephone's, and are none."""

UNITS = tuple(
    """
    bytes byte ns us ms sec secs second seconds minutes words word objects rows records blocks block
    lines line pages packets requests items entries ops iops kb mb gb kib mib gib bits bit times ticks
    cycles instructions sectors
    """.split()
)
"""What is counted by the number before it."""

NOTHING = tuple(
    """
    null none nil undefined true false nan include omit same-origin
    """.split()
)
"""Values that hold no secret."""

PROSE = tuple(
    """
    a an and any are as at be been but by can cannot could did do does for from had has have if in into
    is it its must no not of off on only or our please should than that the then there this to too was
    were when which while will with without you your absent accepted already authentication
    authorization bad blank cached changed check configured contains correct created default defined
    deleted denied deprecated different disabled empty enabled error exists expected expiration expired
    expires fail failed failure fetched format found generated generating granted hidden incorrect
    insufficient invalid issued length loaded malformed match matches mismatch mismatched missing needed
    never new nothing ok optional pass passed policy present provided read received redacted refresh
    refreshed refreshing refused rejected removed renewed required requires reset revoked rotated
    rotation secure sent set short skipped strong success successful successfully supplied type
    unavailable unchanged unexpected unknown unset unsupported updated updating use used user using
    valid validated validation value verification verified weak wrong yes omitted unauthorized basic
    bearer ldap plain password token key allow deny permit permitted create write delete update list get
    manage admin rotate revoke view edit amd64 arm64 i386 all end eof permissions permission gpio
    undefined line secret allowed blocked http timeout mail email string str whitespace files compat secrets
    attempt attempts delivered declined header context connection rate here done
    ignored pending active inactive auto manual unused expiring
    """.split()
)
"""Words that follow `token:` in a sentence and are no token."""

MASKED = tuple(
    """
    filtered redacted hidden masked removed sensitive omitted censored known protected
    """.split()
)
"""What others put in a secret's place, in brackets."""

COMPLAINTS = tuple(
    """
    is isn has hasn must can cannot should was does doesn may not too needs invalid passwords ensure
    """.split()
)
"""What a message about a field begins with: `{"errors": {"password": "is too short"}}`."""

DESCRIPTIONS = tuple(
    """
    name names secretname defaultmode optional items username status createdate accesskeyid id ids type kind
    expirationseconds path expiresat expiresin expiry expiration version created createdat updated updatedat
    lastused lastusedat secure httponly maxage samesite originalmaxage expires signed partitioned action
    decision reason evidence role roles resource permission verb granted minlength maxlength format index
    keyvaulturl scope scopes enabled disabled ttl namespace provider description title age mode
    """.split()
)
"""Members that say something about a secret: an object of these alone holds none."""

STATES = tuple(
    """
    expired invalid missing revoked unset unchanged required verified incorrect mismatch denied changed
    delivered declined forbidden unavailable rotated notset notfound unsupported malformed set present
    notpresent notprovided notrequired expiring
    """.split()
)
"""Values that say how it is about a secret, and that nobody chooses as one."""

VERDICTS = tuple(
    """
    ok yes no valid unknown healthy stale sent locked wrong allow allowed granted enabled disabled
    negotiated derived active inactive pending failed failure success accepted rejected anonymous
    hs256 hs384 hs512 rs256 rs384 rs512 es256 es384 es512 ps256 eddsa
    """.split()
)
"""The same where the secret is made by a machine: a password may be `yes`, a token never is."""

VERBS = tuple(
    """
    check checking decode decoding decrypt decrypting delete deleting fetch fetching find get getting hash
    hashing issue issuing load loading lookup obtain obtaining parse parsing read reading refresh refreshing
    renew renewing request requesting resolve resolving retrieve retrieving rotate rotating sign signing
    validate validating verify verifying mount mounting
    """.split()
)
"""What is done with a secret before a colon: `failed to read password: permission denied`."""

SENTENCES = ("this", "your", "the", "enter", "please", "not", "value", "field", "password", "it", "that")
"""What a message about a field begins with that ends with a full stop."""

USAGE = ("string", "value", "and", "with", "here", "or", "for", "is", "to")
"""What stands behind an option where it is explained: `--password string   for the database`."""

PACKAGES = tuple(
    """
    com org net io java javax android androidx kotlin
    """.split()
)
"""What names of classes and activities begin with, before a dot."""

FOREIGN_ENDINGS = ("senord", "ifre")
"""What follows the last letter beyond ASCII of `kernel.foreign_keys`: `lösenord`, `şifre`."""

FILE_ENDINGS = tuple(
    """
    automount device mount path scope service slice socket swap target timer png avif jpg jpeg gif svg
    webp ico bmp css scss less js mjs cjs jsx ts tsx json xml html htm txt log yaml yml conf cfg ini
    lock jar war class java go exe dll tar gz tgz bz xz whl rpm deb pdf csv md php jsp aspx pdb sys tmp
    bak woff ttf map min po mo pot header
    """.split()
)
"""What stands at the end of a file's or unit's name and is no domain: `icon@2x.png`, `getty@tty1.service`."""

COMMANDS = {
    "-p": """
        sshpass login mongo mongosh mongodump mongorestore mongoexport mongoimport psexec psexec64 cqlsh
        useradd usermod unlock-keychain evil-winrm
        """,
    "-P": "zip unzip mosquitto_pub mosquitto_sub ipmitool sqlcmd isql tsql osql bcp",
    "-w": "ldapsearch ldapadd ldapmodify ldapdelete ldapwhoami ldappasswd ldapcompare",
    "-k": "openssl",
    "-a": "redis-cli",
    "-c": "snmpwalk snmpget snmpset snmpgetnext snmpbulkwalk snmpbulkget snmptrap",
    "-b": "curl",
    "-px": """
        mysql mysqldump mysqladmin mysqlimport mysqlcheck mysqlshow mysqlsh mysqlslap mysqlbinlog mysqlpump
        mariadb mariadb-dump mariadb-admin 7z 7za 7zr
        """,
    "-u": "curl lftp smbclient rpcclient",
}
"""Commands by the option that a password follows; `-px`: without a blank; `-u`: behind a user's name."""

SCHEMES_OF_TOKEN = tuple(
    """
    bearer basic token negotiate ntlm apikey api-key dpop jwt key sharedkey sharedkeylite aws
    privatetoken gnap splunk genie geniekey ssws bot goog1
    """.split()
)
"""Authentication schemes followed by one token (IANA HTTP Authentication Scheme Registry, and vendors')."""

SCHEMES_OF_PARAMETERS = tuple(
    """
    digest oauth hawk signature aws4-hmac-sha256 goog4-rsa-sha256 mac scram-sha-256 vapid escher
    """.split()
)
"""Authentication schemes followed by `name="value"` pairs."""

IBAN_ACCOUNTS = {
    country: account
    for account, countries in {
        "11n": "NO",
        "12n": "BE",
        "14n": "DK FI FO GL SD",
        "2a 12n": "FK",
        "4a 10n": "NL",
        "15n": "SI",
        "3n 10c 2n": "MK",
        "16n": "AT BA EE LT MN XK",
        "3n 13c": "KZ LU",
        "17n": "HR",
        "4a 13c": "LV",
        "5n 12c": "CH LI",
        "18n": "CR DE ME RS VA",
        "2a 16n": "GE",
        "4a 14c": "BH",
        "4a 14n": "GB IE",
        "4a 6n 8c": "BG",
        "19n": "AE IL SO TL",
        "3n 16c": "OM",
        "4a 15c": "GI",
        "4a 15n": "IQ",
        "20c": "MD",
        "20n": "CZ ES SE SK TN",
        "2n 18c": "SA",
        "4a 16c": "PK RO",
        "4a 16n": "VG",
        "8n 12c": "AD",
        "21n": "LY PT ST",
        "22n": "IS",
        "6n 16c": "TR",
        "10n 11c 2n": "FR MC",
        "1a 10n 12c": "IT SM",
        "23n": "BI DJ MR",
        "7n 16c": "GR",
        "24c": "GT",
        "24n": "HU PL",
        "4a 20c": "AZ",
        "4a 20n": "HN NI SV",
        "4c 20n": "DO",
        "4c 4n 16c": "BY",
        "4n 20c": "LB",
        "8n 16c": "AL CY",
        "23n 1a 1c": "BR",
        "25n": "EG",
        "4a 21c": "PS QA",
        "6n 19c": "UA",
        "4a 19n 3a": "MU",
        "4a 22c": "KW",
        "4a 4n 18c": "JO YE",
        "4a 20n 3a": "SC",
        "4a 5n 18c": "MT",
        "4a 24c": "LC",
        "14n 15c": "RU",
    }.items()
    for country in countries.split()
}
"""What follows the check digits: letters (a), digits (n), either (c); SWIFT IBAN Registry, release 101."""
