"""The regulation as versioned data, and the pure law that reads it."""
