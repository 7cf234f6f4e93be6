"""The reference service behind a guard: what a cloud front door checks, written from the published algorithm."""

KEYS = {"AKIDPLANTEDKEY000001": ("planted-secret-key", "planted-session-token")}
API_KEY = "planted-api-key"
