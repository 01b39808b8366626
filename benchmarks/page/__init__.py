"""How fast the page answers over ten years of history."""
