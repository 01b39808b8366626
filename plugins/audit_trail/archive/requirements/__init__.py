"""What makes a bucket fit for an archive: small requirements, each of which can look at itself."""
