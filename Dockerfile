# The gateway and the core API in one image.
FROM node:24-slim AS build
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
COPY infra/node/package.json infra/node/
RUN npm ci --no-audit --no-fund --loglevel=error
COPY tsconfig.json tsconfig.build.json ./
COPY infra/parts infra/parts
COPY infra/package infra/package
COPY src src
RUN npm exec -- node infra/package/build.ts

# The Python package that the gateway offers at /auth/clients/
FROM python:3.11-slim AS clients
ENV SOURCE_DATE_EPOCH=1577836800
COPY infra/package/requirements.txt /tmp/
RUN pip install --no-cache-dir --no-deps --require-hashes -r /tmp/requirements.txt
COPY infra/mlflow/client /tmp/client
RUN python -m build --no-isolation --wheel --outdir /clients /tmp/client

FROM node:24-slim
ENV NODE_ENV=production
WORKDIR /app
COPY --from=build /app/package.json ./
COPY --from=build /app/dist dist
COPY --from=clients /clients dist/clients
COPY bin bin
USER 65532:65532
EXPOSE 4180
ENTRYPOINT ["node", "--disable-warning=ExperimentalWarning", "bin/modelops-gateway.cjs"]
CMD ["serve", "--config", "/etc/modelops-gateway/gateway.yaml"]
