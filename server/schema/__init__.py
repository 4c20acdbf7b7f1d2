"""The GraphQL API: the same operations as the pages, for programs."""

from server.schema.definition import print_sdl, schema
from server.schema.http import Authenticate, graphql_app

__all__ = ["Authenticate", "graphql_app", "print_sdl", "schema"]
