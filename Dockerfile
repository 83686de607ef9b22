# syntax=docker/dockerfile:1
# Two images, from a clean checkout:
#   docker build --target worker -t isthmus .       the program: run (default), anchor, doctor, check-config ...
#   docker build --target sip -t isthmus-sip .      drachtio and its anchor, as docker-compose.yml runs them

FROM node:20.19.5-bookworm-slim AS base
WORKDIR /src
COPY package.json package-lock.json tsconfig.base.json tsconfig.json ./
COPY packages ./packages

# The compiled program alone: no sources, tests, types or maps.
FROM base AS build
RUN npm install --no-save --ignore-scripts --no-audit --no-fund
RUN npm run build
RUN find packages -mindepth 2 -maxdepth 2 ! -name bin ! -name dist ! -name package.json -exec rm -rf {} + \
  && find packages -type f \( -name '*.d.ts' -o -name '*.map' -o -name '*.tsbuildinfo' \) -delete

# What it needs when it runs.
FROM base AS production
RUN npm install --omit=dev --no-save --ignore-scripts --no-audit --no-fund

FROM drachtio/drachtio-server:0.9.10 AS sip
ENV NODE_ENV=production PATH=/opt/isthmus/node_modules/.bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
COPY --from=base /usr/local/bin/node /usr/local/bin/node
WORKDIR /opt/isthmus
COPY --from=production /src/package.json ./package.json
COPY --from=production /src/node_modules ./node_modules
COPY --from=build /src/packages ./packages
COPY --chmod=755 deploy/drachtio/start.sh /usr/local/bin/start-sip
USER 1000:1000
ENTRYPOINT ["start-sip"]

FROM node:20.19.5-bookworm-slim AS worker
ENV NODE_ENV=production PATH=/opt/isthmus/node_modules/.bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
WORKDIR /opt/isthmus
COPY --from=production /src/package.json ./package.json
COPY --from=production /src/node_modules ./node_modules
COPY --from=build /src/packages ./packages
# The user `node` of the image, by its number.
USER 1000:1000
EXPOSE 9470
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s --retries=3 \
  CMD ["node", "-e", "fetch('http://127.0.0.1:9470/readyz').then(r => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
ENTRYPOINT ["isthmus"]
CMD ["run", "--config", "/etc/isthmus/isthmus.yaml"]
