"""The GraphQL API: the same operations as the pages, for programs."""

from server.schema.http import Authenticate, graphql_app
from server.schema.definition import print_sdl, schema

__all__ = ["Authenticate", "graphql_app", "print_sdl", "schema"]
