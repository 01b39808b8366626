"""Where logs are found and how their bytes are pinned."""
