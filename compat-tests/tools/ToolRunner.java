import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;

import org.apache.kafka.common.utils.Exit;

import java.io.BufferedReader;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.io.PrintStream;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Runs the main classes of Kafka's console tools in one warm JVM, each as if it had a process of its own.
 *
 * <p>Requests come as one line of JSON each on standard input:
 * {@code {"op":"start","id":1,"class":"…","args":["…"],"stdin":"…"}} and {@code {"op":"stop","id":1}} (what SIGTERM
 * does: run the shutdown hooks). Each start is answered once, when the run has ended:
 * {@code {"id":1,"exit":0,"out":"…","err":"…"}}.
 *
 * <p>A run is a thread group: whatever one of its threads reads, prints, logs or exits belongs to that run. The first
 * exit decides the code, and what a run prints after it is dropped, as it would be in a process.
 */
public final class ToolRunner {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final Map<ThreadGroup, Run> RUNS = new ConcurrentHashMap<>();
    private static final Map<Long, Run> BY_ID = new ConcurrentHashMap<>();
    private static final PrintStream REPLIES =
        new PrintStream(new FileOutputStream(FileDescriptor.out), false, StandardCharsets.UTF_8);
    private static final PrintStream REAL_ERR = System.err;

    /** Unwinds the thread that called exit; not an Exception, so that tools do not take it for a failure of theirs. */
    private static final class ToolExit extends Error {
        ToolExit() {
            super("exit", null, false, false);
        }
    }

    private static final class Run {
        final long id;
        final ByteArrayOutputStream out = new ByteArrayOutputStream();
        final ByteArrayOutputStream err = new ByteArrayOutputStream();
        final InputStream in;
        final List<Runnable> hooks = new ArrayList<>();
        Integer exit;
        boolean hooksStarted;

        Run(long id, String stdin) {
            this.id = id;
            this.in = new ByteArrayInputStream(stdin.getBytes(StandardCharsets.UTF_8));
        }

        synchronized void exit(int code) {
            if (exit == null) exit = code;
        }

        synchronized void write(ByteArrayOutputStream sink, byte[] bytes, int offset, int length) {
            // Shutdown hooks may still print: they run after exit() in a process too.
            if (exit == null || hooksStarted) sink.write(bytes, offset, length);
        }

        void runHooks() {
            List<Runnable> todo;
            synchronized (this) {
                if (hooksStarted) return;
                hooksStarted = true;
                todo = new ArrayList<>(hooks);
            }
            for (Runnable hook : todo) {
                try {
                    hook.run();
                } catch (Throwable t) {
                    t.printStackTrace();
                }
            }
        }
    }

    private static Run current() {
        for (ThreadGroup group = Thread.currentThread().getThreadGroup(); group != null; group = group.getParent()) {
            Run run = RUNS.get(group);
            if (run != null) return run;
        }
        return null;
    }

    private static PrintStream dispatching(boolean err) {
        return new PrintStream(new OutputStream() {
            @Override
            public void write(int b) {
                write(new byte[] {(byte) b}, 0, 1);
            }

            @Override
            public void write(byte[] bytes, int offset, int length) {
                Run run = current();
                if (run != null) run.write(err ? run.err : run.out, bytes, offset, length);
                else REAL_ERR.write(bytes, offset, length);
            }
        }, true, StandardCharsets.UTF_8) {
            @Override
            public void close() {
                // A run may close its output; the other runs go on with theirs.
                flush();
            }
        };
    }

    private static final InputStream DISPATCHING_IN = new InputStream() {
        @Override
        public int read() throws IOException {
            Run run = current();
            return run == null ? -1 : run.in.read();
        }

        @Override
        public int read(byte[] bytes, int offset, int length) throws IOException {
            Run run = current();
            return run == null ? -1 : run.in.read(bytes, offset, length);
        }

        @Override
        public int available() throws IOException {
            Run run = current();
            return run == null ? 0 : run.in.available();
        }
    };

    private static void exit(int code) {
        Run run = current();
        if (run == null) Runtime.getRuntime().halt(code);
        run.exit(code);
        throw new ToolExit();
    }

    @SuppressWarnings("removal")
    private static void interceptSystemExit() {
        try {
            System.setSecurityManager(new SecurityManager() {
                @Override
                public void checkPermission(java.security.Permission permission) {
                }

                @Override
                public void checkPermission(java.security.Permission permission, Object context) {
                }

                @Override
                public void checkExit(int status) {
                    if (current() != null) ToolRunner.exit(status);
                }
            });
        } catch (UnsupportedOperationException e) {
            REAL_ERR.println("System.exit cannot be intercepted by this Java: " + e.getMessage());
        }
    }

    private static void reply(Run run) {
        ObjectNode answer = JSON.createObjectNode();
        synchronized (run) {
            answer.put("id", run.id);
            answer.put("exit", run.exit);
            answer.put("out", run.out.toString(StandardCharsets.UTF_8));
            answer.put("err", run.err.toString(StandardCharsets.UTF_8));
        }
        synchronized (REPLIES) {
            REPLIES.println(answer);
            REPLIES.flush();
        }
    }

    private static void start(JsonNode request) {
        Run run = new Run(request.get("id").asLong(), request.path("stdin").asText(""));
        List<String> args = new ArrayList<>();
        request.get("args").forEach(arg -> args.add(arg.asText()));
        String name = request.get("class").asText();
        ThreadGroup group = new ThreadGroup("run-" + run.id);
        RUNS.put(group, run);
        BY_ID.put(run.id, run);
        new Thread(group, () -> {
            try {
                Method main = Class.forName(name).getMethod("main", String[].class);
                main.invoke(null, (Object) args.toArray(new String[0]));
                run.exit(0);
            } catch (InvocationTargetException e) {
                if (!(e.getCause() instanceof ToolExit)) {
                    System.err.print("Exception in thread \"main\" ");
                    e.getCause().printStackTrace();
                    run.exit(1);
                }
            } catch (Throwable t) {
                t.printStackTrace();
                run.exit(1);
            }
            run.runHooks();
            reply(run);
            BY_ID.remove(run.id);
            RUNS.remove(group, run);
            group.interrupt();
        }, "main").start();
    }

    public static void main(String[] argv) throws IOException {
        BufferedReader requests = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        System.setIn(DISPATCHING_IN);
        System.setOut(dispatching(false));
        System.setErr(dispatching(true));
        Exit.setExitProcedure((code, message) -> exit(code));
        Exit.setHaltProcedure((code, message) -> exit(code));
        Exit.setShutdownHookAdder((name, hook) -> {
            Run run = current();
            if (run == null) return;
            synchronized (run) {
                run.hooks.add(hook);
            }
        });
        interceptSystemExit();
        String line;
        while ((line = requests.readLine()) != null) {
            JsonNode request = JSON.readTree(line);
            if (request.get("op").asText().equals("start")) {
                start(request);
            } else {
                Run run = BY_ID.get(request.get("id").asLong());
                if (run != null) new Thread(run::runHooks, "stop").start();
            }
        }
        Runtime.getRuntime().halt(0);
    }
}
