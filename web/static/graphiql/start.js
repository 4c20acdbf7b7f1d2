"use strict";

const place = document.getElementById("graphiql");
ReactDOM.createRoot(place).render(
  React.createElement(GraphiQL, {
    fetcher: GraphiQL.createFetcher({ url: "/graphql" }),
    defaultQuery: "query {\n  me {\n    organisme {\n      name\n    }\n    now\n  }\n}\n",
  }),
);
