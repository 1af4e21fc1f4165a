# The gateway and the core API in one image.
FROM node:24-slim AS build
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci --no-audit --no-fund --loglevel=error
COPY tsconfig.json tsconfig.build.json ./
COPY src src
RUN npm run build && npm prune --omit=dev --no-audit --no-fund --loglevel=error

FROM node:24-slim
ENV NODE_ENV=production
WORKDIR /app
COPY --from=build /app/package.json ./
COPY --from=build /app/node_modules node_modules
COPY --from=build /app/dist dist
COPY bin bin
USER 65532:65532
EXPOSE 4180
ENTRYPOINT ["node", "--disable-warning=ExperimentalWarning", "bin/modelops-gateway.cjs"]
CMD ["serve", "--config", "/etc/modelops-gateway/gateway.yaml"]
