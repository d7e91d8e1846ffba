"""A typed client of Huayuan: `api` makes a call, `Huayuan` or `AsyncHuayuan` sends it, `models` says what is in it."""

from huayuan_client import api, models
from huayuan_client.client import Answer, AsyncHuayuan, Call, Huayuan, Listing, Page, Problem, Seen

__all__ = ["Answer", "AsyncHuayuan", "Call", "Huayuan", "Listing", "Page", "Problem", "Seen", "api", "models"]
