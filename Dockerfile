# slotdeck in an image of nothing else: one static program.
#
#   docker build -t slotdeck .
#   docker run --rm -it --network host slotdeck 10.0.0.11:7001

ARG GO_IMAGE=golang:1.26
FROM ${GO_IMAGE} AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
RUN CGO_ENABLED=0 go build -trimpath -ldflags '-s -w' -o /slotdeck .

FROM scratch
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/
COPY --from=build /slotdeck /slotdeck
ENV TERM=xterm-256color LANG=C.UTF-8
ENTRYPOINT ["/slotdeck"]
