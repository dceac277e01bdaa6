package engine

import (
	"context"
	"errors"
	"net"
	"strings"

	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/encoding"
	"google.golang.org/grpc/mem"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	"newsfeed/localcloud/order"
)

// maxMessage is the engine's own limit for one message, in bytes.
const maxMessage = 400 << 20

// Watch is told of every resource before the engine is, by goroutines that wait
// for each other in no way; an error refuses the resource. The engine has made
// it when made is called.
type Watch func(ctx context.Context, n *order.Node) (made func(), err error)

// monitor stands between a program and the engine. All that a program says
// passes unread but the registrations of resources: those that leave to luck
// what AWS wants to be there first are refused.
type monitor struct {
	project, stack string
	graph          *order.Graph // nil: any order will do
	watch          Watch        // may be nil
	engine         *grpc.ClientConn
	server         *grpc.Server
	address        string
}

// startMonitor serves a program in front of the engine's own monitor.
func startMonitor(engine string, m *monitor) (*monitor, error) {
	var err error
	limits := grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(maxMessage), grpc.MaxCallSendMsgSize(maxMessage))
	if m.engine, err = grpc.NewClient(engine, grpc.WithTransportCredentials(insecure.NewCredentials()), limits); err != nil {
		return nil, err
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, errors.Join(err, m.engine.Close())
	}
	m.address = l.Addr().String()
	m.server = grpc.NewServer(grpc.UnknownServiceHandler(m.pass), grpc.ForceServerCodecV2(raw{}),
		grpc.MaxRecvMsgSize(maxMessage), grpc.MaxSendMsgSize(maxMessage))
	go m.server.Serve(l)
	return m, nil
}

func (m *monitor) close() {
	m.server.Stop()
	m.engine.Close()
}

// pass hands one call to the engine and its answer back. All calls of a monitor
// are of one message each way.
func (m *monitor) pass(_ any, program grpc.ServerStream) error {
	ctx := program.Context()
	method, _ := grpc.MethodFromServerStream(program)
	var request, answer []byte
	if err := program.RecvMsg(&request); err != nil {
		return err
	}
	made := func() {}
	if method == pulumirpc.ResourceMonitor_RegisterResource_FullMethodName {
		var err error
		if made, err = m.register(ctx, request); err != nil {
			return err
		}
	}
	if sent, ok := metadata.FromIncomingContext(ctx); ok {
		ctx = metadata.NewOutgoingContext(ctx, sent)
	}
	if err := m.engine.Invoke(ctx, method, &request, &answer, grpc.ForceCodecV2(raw{})); err != nil {
		return err // with the engine's own status
	}
	made()
	return program.SendMsg(&answer)
}

// register refuses a registration that leaves its order to luck.
func (m *monitor) register(ctx context.Context, request []byte) (made func(), err error) {
	var r pulumirpc.RegisterResourceRequest
	if err := proto.Unmarshal(request, &r); err != nil {
		return nil, err
	}
	n, err := order.Registered(m.project, m.stack, &r)
	if err != nil {
		return nil, err
	}
	if m.graph != nil {
		if broken := m.graph.Add(n); len(broken) > 0 {
			return nil, status.Error(codes.FailedPrecondition, strings.Join(broken, "\n"))
		}
	}
	if m.watch == nil {
		return func() {}, nil
	}
	return m.watch(ctx, n)
}

// raw is the codec of what is passed on unread.
type raw struct{}

func (raw) Name() string { return "proto" }

func (raw) Marshal(v any) (mem.BufferSlice, error) {
	return mem.BufferSlice{mem.SliceBuffer(*v.(*[]byte))}, nil
}

func (raw) Unmarshal(data mem.BufferSlice, v any) error {
	*v.(*[]byte) = data.Materialize()
	return nil
}

var _ encoding.CodecV2 = raw{}
