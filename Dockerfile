# One image for all roles, selected by the environment (ROLES, WORKER_QUEUES).
ARG NODE_IMAGE=node:24-slim

FROM ${NODE_IMAGE} AS build
WORKDIR /app
COPY package.json package-lock.json ./
# Only the compiler is needed here, which requires no install scripts.
RUN npm ci --ignore-scripts
COPY tsconfig.json tsconfig.build.json ./
COPY src ./src
RUN npm run build

FROM ${NODE_IMAGE} AS packages
WORKDIR /app
COPY package.json package-lock.json ./
# Native dependencies are optional and prebuilt.
RUN npm ci --omit=dev --ignore-scripts && npm cache clean --force

FROM ${NODE_IMAGE}
WORKDIR /app
# With a PORT, workers and schedulers also serve /health and /metrics.
ENV NODE_ENV=production PORT=3000
COPY --from=packages /app/node_modules ./node_modules
COPY package.json ./
COPY drizzle ./drizzle
COPY docs/openapi.json ./docs/openapi.json
COPY --from=build /app/dist ./dist
# All files are owned by root: the program can read but not change them.
USER node
EXPOSE 3000
HEALTHCHECK --interval=10s --timeout=5s --start-period=20s --retries=3 \
  CMD ["node", "-e", "fetch('http://127.0.0.1:' + process.env.PORT + '/health/live').then((answer) => process.exit(answer.ok ? 0 : 1), () => process.exit(1))"]
# Node is process 1: it handles SIGTERM itself and leaves no children that would need an init (docs/decisions/0017).
ENTRYPOINT ["node", "dist/cli.js"]
CMD ["start"]
