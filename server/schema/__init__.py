"""The GraphQL API: the same operations as the pages, for programs."""

from server.schema.definition import print_sdl, schema
from server.schema.http import Authenticate, RequestError, graphql_app

__all__ = ["Authenticate", "RequestError", "graphql_app", "print_sdl", "schema"]
