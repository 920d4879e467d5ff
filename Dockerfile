FROM node:26-slim AS build
WORKDIR /app
COPY package.json package-lock.json ./
RUN npm ci --ignore-scripts
COPY tsconfig.json tsconfig.build.json tsconfig.page.json ./
COPY src src
COPY scripts scripts
RUN npm run build && npm prune --omit=dev --ignore-scripts

FROM node:26-slim
WORKDIR /app
# What is counted and learnt is all that it writes: the root may be read-only.
ENV NODE_ENV=production HOST=0.0.0.0 BALANCED_CALL_DATA=/data
RUN mkdir /data && chown node:node /data
VOLUME /data
COPY --from=build /app/package.json ./
COPY --from=build /app/node_modules node_modules
COPY --from=build /app/dist dist
COPY --from=build /app/scripts scripts
COPY providers.yaml ./
# `docker exec NAME balanced-call keys create alice`
RUN chmod 755 scripts/balanced-call.mjs && ln -s /app/scripts/balanced-call.mjs /usr/local/bin/balanced-call
# By number, as a cluster that wants nobody special has to see that it is not 0.
USER 1000:1000
EXPOSE 9000
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.PORT || 9000}/health`).then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
CMD ["node", "dist/main.js", "serve"]
