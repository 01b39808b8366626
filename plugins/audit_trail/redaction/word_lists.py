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
    cursor
    """.split()
)
"""Keys whose long numbers are no payment cards, though one in ten would pass for one."""

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
    undefined line secret allowed blocked ignored pending active inactive auto manual unused expiring
    """.split()
)
"""Words that follow `token:` in a sentence and are no token."""

MASKED = tuple(
    """
    filtered redacted hidden masked removed sensitive omitted censored known
    """.split()
)
"""What others put in a secret's place, in brackets."""

COMPLAINTS = tuple(
    """
    is isn has hasn must can cannot should was does doesn may not too needs
    """.split()
)
"""What a message about a field begins with: `{"errors": {"password": "is too short"}}`."""

DESCRIPTIONS = tuple(
    """
    name names secretname defaultmode optional items username status createdate accesskeyid id ids type kind
    expirationseconds path expiresat expiresin expiry expiration version created createdat updated updatedat
    lastused lastusedat scope scopes enabled disabled ttl namespace provider description title age mode
    """.split()
)
"""Members that say something about a secret: an object of these alone holds none."""

PACKAGES = tuple(
    """
    com org net io java javax android androidx kotlin
    """.split()
)
"""What names of classes and activities begin with, before a dot."""

FILE_ENDINGS = tuple(
    """
    automount device mount path scope service slice socket swap target timer png avif jpg jpeg gif svg
    webp ico bmp css scss less js mjs cjs jsx ts tsx json xml html htm txt log yaml yml conf cfg ini
    lock jar war class java go exe dll tar gz tgz bz xz whl rpm deb pdf csv md php jsp aspx pdb sys tmp
    bak woff ttf map min
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

IBAN_LENGTHS = {
    country: length
    for length, countries in {
        15: "NO",
        16: "BE",
        18: "DK FI FK FO GL NL SD",
        19: "MK SI",
        20: "AT BA EE KZ LT LU MN XK",
        21: "CH HR LI LV",
        22: "BG BH CR DE GB GE IE ME RS VA",
        23: "AE GI IL IQ OM SO TL",
        24: "AD CZ ES MD PK RO SA SE SK TN VG",
        25: "LY PT ST",
        26: "IS TR",
        27: "BI DJ FR GR IT MC MR SM",
        28: "AL AZ BY CY DO GT HN HU LB NI PL SV",
        29: "BR EG PS QA UA",
        30: "JO KW MU YE",
        31: "MT SC",
        32: "LC",
        33: "RU",
    }.items()
    for country in countries.split()
}
"""Length of an IBAN per country: SWIFT IBAN Registry, release 99."""
