package paper

import (
	"net"

	"google.golang.org/grpc"

	"newsfeed/localcloud/cloud"
	"newsfeed/localcloud/provider"
)

// Cloud is the aws provider alone, on a loopback port.
type Cloud struct {
	*provider.Provider
	Port int

	server *grpc.Server
}

// Functions answers the program's data sources; every hosted zone exists.
func Functions() map[string]provider.Function {
	return provider.Functions(func(name string) string { return "Z" + name })
}

// Open serves the provider over the records in dir, until Close.
func Open(dir string, functions map[string]provider.Function) (*Cloud, error) {
	store, err := cloud.OpenStore(dir)
	if err != nil {
		return nil, err
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	p := provider.New(store, endpoints(store), functions)
	return &Cloud{Provider: p, Port: l.Addr().(*net.TCPAddr).Port, server: p.Serve(l)}, nil
}

// Close ends the provider; what it recorded stays.
func (c *Cloud) Close() { c.server.Stop() }
