package provider

import (
	"context"
	"fmt"
	"maps"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/emptypb"

	"newsfeed/localcloud/clock"
	"newsfeed/localcloud/cloud"
)

// Version is that of the SDK whose provider this stands in for; the engine
// refuses an older one.
const Version = "6.83.2"

// maxMessage is the engine's own limit for one message, in bytes.
const maxMessage = 400 << 20

// Function answers an invoke, such as aws:route53/getZone:getZone.
type Function func(region string, args map[string]any) (map[string]any, error)

// Provider is the aws provider of the local cloud.
type Provider struct {
	pulumirpc.UnimplementedResourceProviderServer

	store     *cloud.Store
	bodies    map[string]cloud.Body
	functions map[string]Function
	clock     *clock.Clock
	least     time.Duration // that a time-out lasts here

	claiming sync.Mutex  // from the look at what is there to the record of what is made
	lenient  atomic.Bool // see Lenient

	mu      sync.Mutex
	refused map[string]int // by region whose API answers no call: how many it refused
}

// New returns a provider that records in store. bodies maps a type token to
// what gives that type life; types without one are recorded only.
func New(store *cloud.Store, bodies map[string]cloud.Body, functions map[string]Function, options ...Option) *Provider {
	p := &Provider{store: store, bodies: bodies, functions: functions, refused: map[string]int{}}
	WithClock(clock.New(clock.DefaultPace), leastTimeout)(p)
	for _, set := range options {
		set(p)
	}
	return p
}

// Option sets what few callers care about.
type Option func(*Provider)

// leastTimeout is enough for what a body does on this machine, which takes its
// own time whatever the pace.
const leastTimeout = 30 * time.Second

// WithClock makes the provider's time-outs and waits pass by c, but no time-out
// faster than least.
func WithClock(c *clock.Clock, least time.Duration) Option {
	return func(p *Provider) { p.clock, p.least = c, least }
}

// Lenient makes the provider take what AWS would refuse, for its values or for what
// else there is, or again not: to compare with a commit is no time to refuse it.
func (p *Provider) Lenient(on bool) { p.lenient.Store(on) }

// Serve answers the engine on l until Stop of the server it returns.
func (p *Provider) Serve(l net.Listener) *grpc.Server {
	server := grpc.NewServer(grpc.StatsHandler(connections{}), grpc.MaxRecvMsgSize(maxMessage),
		grpc.MaxSendMsgSize(maxMessage))
	pulumirpc.RegisterResourceProviderServer(server, p)
	go server.Serve(l)
	return server
}

// Refuse makes every resource call to a region's API fail, as when the region
// is dark, or work again.
func (p *Provider) Refuse(region string, refuse bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !refuse {
		delete(p.refused, region)
	} else if _, already := p.refused[region]; !already {
		p.refused[region] = 0
	}
}

// Refused tells the regions that Refuse switched off, and how many calls each
// has refused since.
func (p *Provider) Refused() map[string]int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return maps.Clone(p.refused)
}

// region is the region of the connection a call came by.
func (p *Provider) region(ctx context.Context) (string, error) {
	region := connectionOf(ctx).where()
	p.mu.Lock()
	defer p.mu.Unlock()
	if _, off := p.refused[region]; off {
		p.refused[region]++
		return "", status.Errorf(codes.Unavailable, "region %s does not answer: its API was switched off (localcloud region %s --up)", region, region)
	}
	return region, nil
}

// Handshake, GetPluginInfo, GetSchema and Attach are what the engine asks of a
// provider it did not start itself.
func (p *Provider) Handshake(context.Context, *pulumirpc.ProviderHandshakeRequest) (*pulumirpc.ProviderHandshakeResponse, error) {
	return &pulumirpc.ProviderHandshakeResponse{AcceptSecrets: true}, nil
}

// GetPluginInfo returns Version.
func (p *Provider) GetPluginInfo(context.Context, *emptypb.Empty) (*pulumirpc.PluginInfo, error) {
	return &pulumirpc.PluginInfo{Version: Version}, nil
}

// Attach is accepted: there is nothing to call back.
func (p *Provider) Attach(context.Context, *pulumirpc.PluginAttach) (*emptypb.Empty, error) {
	return &emptypb.Empty{}, nil
}

// Cancel does nothing: it comes at every normal close.
func (p *Provider) Cancel(context.Context, *emptypb.Empty) (*emptypb.Empty, error) {
	return &emptypb.Empty{}, nil
}

// CheckConfig takes the provider's configuration as it is.
func (p *Provider) CheckConfig(_ context.Context, req *pulumirpc.CheckRequest) (*pulumirpc.CheckResponse, error) {
	return &pulumirpc.CheckResponse{Inputs: req.GetNews()}, nil
}

// DiffConfig replaces a provider, and so all it made, when its region changes;
// any other change is one of the provider alone.
func (p *Provider) DiffConfig(_ context.Context, req *pulumirpc.DiffRequest) (*pulumirpc.DiffResponse, error) {
	olds, err := readPlain(req.GetOldInputs())
	if err != nil {
		return nil, err
	}
	news, err := readPlain(req.GetNews())
	if err != nil {
		return nil, err
	}
	changed := olds.Diff(news, resource.IsInternalPropertyKey)
	if changed == nil {
		return &pulumirpc.DiffResponse{Changes: pulumirpc.DiffResponse_DIFF_NONE}, nil
	}
	resp := &pulumirpc.DiffResponse{Changes: pulumirpc.DiffResponse_DIFF_SOME}
	for _, key := range changed.ChangedKeys() {
		resp.Diffs = append(resp.Diffs, string(key))
		if key == "region" {
			resp.Replaces = []string{"region"}
		}
	}
	return resp, nil
}

// Configure notes what this connection is for.
func (p *Provider) Configure(ctx context.Context, req *pulumirpc.ConfigureRequest) (*pulumirpc.ConfigureResponse, error) {
	args, err := readPlain(req.GetArgs())
	if err != nil {
		return nil, err
	}
	region := args["region"]
	if !region.IsString() || region.StringValue() == "" {
		return nil, status.Error(codes.InvalidArgument, "provider aws has no region: set aws:region in the stack's config")
	}
	tags, err := readTagging(args)
	if err != nil {
		return nil, status.Error(codes.InvalidArgument, err.Error())
	}
	connectionOf(ctx).configure(region.StringValue(), tags)
	return &pulumirpc.ConfigureResponse{AcceptSecrets: true, SupportsPreview: true}, nil
}

// Invoke answers a data source.
func (p *Provider) Invoke(ctx context.Context, req *pulumirpc.InvokeRequest) (*pulumirpc.InvokeResponse, error) {
	region, err := p.region(ctx)
	if err != nil {
		return nil, err
	}
	f, ok := p.functions[req.GetTok()]
	if !ok {
		return nil, fmt.Errorf("the local cloud does not answer %s: add it to localcloud/provider/functions.go", req.GetTok())
	}
	props, err := readPlain(req.GetArgs())
	if err != nil {
		return nil, err
	}
	args, err := plain(props)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", req.GetTok(), err)
	}
	result, err := f(region, args)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", req.GetTok(), err)
	}
	ret, err := write(resource.NewPropertyMapFromMap(result))
	return &pulumirpc.InvokeResponse{Return: ret}, err
}
