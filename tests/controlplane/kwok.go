package main

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"os/signal"
	"sync/atomic"
	"syscall"

	"github.com/spf13/pflag"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/kubernetes"
	clientcorev1 "k8s.io/client-go/kubernetes/typed/core/v1"
	"k8s.io/client-go/rest"
	"k8s.io/utils/clock"
	"sigs.k8s.io/kwok/pkg/apis/internalversion"
	kwokclient "sigs.k8s.io/kwok/pkg/client/clientset/versioned"
	kwokconfig "sigs.k8s.io/kwok/pkg/config"
	"sigs.k8s.io/kwok/pkg/kwok/controllers"
	kwoklog "sigs.k8s.io/kwok/pkg/log"
	"sigs.k8s.io/kwok/pkg/utils/client"
)

// runKwok runs kwok's controllers under a client of ours, for the sake of one
// method: Watch (see podWatcher). It also reads no configuration but --config;
// kwok's own command adds ~/.kwok/kwok.yaml.
func runKwok() int {
	flags := pflag.NewFlagSet("kwok", pflag.ExitOnError)
	kubeconfig := flags.String("kubeconfig", "", "kubeconfig")
	config := flags.String("config", "", "file of a KwokConfiguration and Stages")
	selector := flags.String("manage-nodes-with-annotation-selector", "", "the nodes to play")
	address := flags.String("server-address", "127.0.0.1:0", "where /healthz answers")
	_ = flags.Parse(os.Args[1:])

	ctx, cancel := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer cancel()
	ctx = kwoklog.NewContext(ctx, kwoklog.NewLogger(os.Stderr, kwoklog.LevelWarn)) // Info is several lines a pod
	if err := playNodes(ctx, *kubeconfig, *config, *selector); err != nil {
		fmt.Fprintln(os.Stderr, "kwok:", err)
		return 1
	}
	// Answers only now, when the controllers run.
	server := &http.Server{Addr: *address, Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprintln(w, "ok")
	})}
	go func() { <-ctx.Done(); server.Close() }()
	if err := server.ListenAndServe(); ctx.Err() == nil {
		fmt.Fprintln(os.Stderr, "kwok:", err)
		return 1
	}
	return 0
}

func playNodes(ctx context.Context, kubeconfig, config, selector string) error {
	objects, err := kwokconfig.Load(ctx, config)
	if err != nil {
		return err
	}
	stages := map[internalversion.StageResourceRef][]*internalversion.Stage{}
	for _, stage := range kwokconfig.FilterWithType[*internalversion.Stage](objects) {
		stages[stage.Spec.ResourceRef] = append(stages[stage.Spec.ResourceRef], stage)
	}
	options := kwokconfig.FilterWithType[*internalversion.KwokConfiguration](objects)
	if len(stages) == 0 || len(options) != 1 {
		return fmt.Errorf("%s: needs Stages and one KwokConfiguration", config)
	}
	clients, err := client.NewClientset("", kubeconfig)
	if err != nil {
		return err
	}
	restConfig, err := clients.ToRESTConfig()
	if err != nil {
		return err
	}
	settings := controllers.Config{
		Clock:                             clock.RealClock{},
		ManageNodesWithAnnotationSelector: selector,
		CIDR:                              "10.0.0.0/24", // for nodes without a range of their own
		NodeIP:                            "10.127.0.254",
		LocalStages:                       stages,
		PodPlayStageParallelism:           options[0].Options.PodPlayStageParallelism,
		NodePlayStageParallelism:          options[0].Options.NodePlayStageParallelism,
		PodsOnNodeSyncParallelism:         options[0].Options.PodsOnNodeSyncParallelism,
		NodeLeaseParallelism:              options[0].Options.NodeLeaseParallelism,
		// No leases: a kwok that comes back would first have to wait for the
		// leases of its dead predecessor.
		NodeLeaseDurationSeconds:   0,
		ID:                         "controlplane",
		ImpersonatingDynamicClient: clients.ToImpersonatingDynamicClient(),
		ImpersonatingTypedClient:   clients.ToImpersonatingTypedClient(),
	}
	if settings.DynamicClient, err = clients.ToDynamicClient(); err != nil {
		return err
	}
	if settings.RESTMapper, err = clients.ToRESTMapper(); err != nil {
		return err
	}
	if settings.RESTClient, err = rest.RESTClientFor(restConfig); err != nil {
		return err
	}
	if settings.TypedKwokClient, err = kwokclient.NewForConfig(restConfig); err != nil {
		return err
	}
	typed, err := kubernetes.NewForConfig(restConfig)
	if err != nil {
		return err
	}
	settings.TypedClient = kwokTyped{typed}
	controller, err := controllers.NewController(settings)
	if err != nil {
		return err
	}
	return controller.Start(ctx)
}

// kwokTyped and kwokCore are the client but for the pods of all namespaces.
type kwokTyped struct{ kubernetes.Interface }

func (t kwokTyped) CoreV1() clientcorev1.CoreV1Interface { return kwokCore{t.Interface.CoreV1()} }

type kwokCore struct{ clientcorev1.CoreV1Interface }

func (c kwokCore) Pods(namespace string) clientcorev1.PodInterface {
	if namespace != metav1.NamespaceAll {
		return c.CoreV1Interface.Pods(namespace)
	}
	return &podWatcher{PodInterface: c.CoreV1Interface.Pods(namespace)}
}

// podWatcher mends what made kwok play thousands of pods in quadratic time.
// A young API server keeps few events for a watcher (10 to 43 were seen) and
// closes the watch of one who is slower. kwok is, and it opens every watch at
// revision 0: it is then told all pods again, falls behind again, and repeats
// work on pods it saw in an old state. Here events are taken off the wire as
// fast as they come, and a watch that ended goes on where it was.
type podWatcher struct {
	clientcorev1.PodInterface
	revision atomic.Pointer[string] // of the last event; nil: begin anew
}

func (p *podWatcher) Watch(ctx context.Context, options metav1.ListOptions) (watch.Interface, error) {
	if last := p.revision.Swap(nil); last != nil { // nil again, should this fail (410 Gone)
		options.ResourceVersion = *last
	}
	source, err := p.PodInterface.Watch(ctx, options)
	if err != nil {
		return nil, err
	}
	if options.ResourceVersion != "0" {
		p.revision.Store(&options.ResourceVersion)
	}
	out := &bufferedWatch{Interface: source, events: make(chan watch.Event, 1<<16), stopped: make(chan struct{})}
	go out.run(&p.revision)
	return out, nil
}

type bufferedWatch struct {
	watch.Interface
	events  chan watch.Event
	stopped chan struct{}
}

func (b *bufferedWatch) ResultChan() <-chan watch.Event { return b.events }

func (b *bufferedWatch) run(revision *atomic.Pointer[string]) {
	defer close(b.events) // the reader opens the next watch only after this
	for event := range b.Interface.ResultChan() {
		if event.Type == watch.Error {
			revision.Store(nil)
		} else if pod, ok := event.Object.(*corev1.Pod); ok {
			revision.Store(&pod.ResourceVersion)
		}
		select {
		case b.events <- event:
		case <-b.stopped:
			return
		}
	}
}

func (b *bufferedWatch) Stop() {
	select {
	case <-b.stopped:
	default:
		close(b.stopped)
	}
	b.Interface.Stop()
}
