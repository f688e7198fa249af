"""If, Loop and Scan with values of the outer graph, and functions that a model brings along."""

import numpy as np

from .fixture import graph, normal

ON = np.array(True)
OFF = np.array(False)

graph(
    "if_captures_outer_values",
    """g (float[2,3] x, bool flag) => (float[2,3] y) {
         doubled = Mul(x, two)
         y = If (flag) <
           then_branch = yes () => (float[2,3] t) { t = Add(doubled, x) },
           else_branch = no () => (float[2,3] e) { n = Neg(x) e = Mul(n, w) }
         >
       }""",
    lambda random: [(2, 3), ON],
    more=[lambda random: [(2, 3), OFF]],
    weights=lambda random: {"two": np.array(2, np.float32), "w": normal(random, 2, 3)},
)
graph(
    "if_branches_of_other_shapes",
    """g (float[2,3] x, bool flag) => (float[m,n] y, float[k] z) {
         y, z = If (flag) <
           then_branch = yes () => (float[a,b] t, float[c] u) { t = Transpose(x) u = ReduceSum <keepdims=0> (x, axes) },
           else_branch = no () => (float[d,e] v, float[f] w) { v = Identity(x) w = Reshape(x, flat) }
         >
       }""",
    lambda random: [(2, 3), ON],
    more=[lambda random: [(2, 3), OFF]],
    weights=lambda random: {"axes": np.array([0], np.int64), "flat": np.array([-1], np.int64)},
)
graph(
    "if_constant_condition",
    """g (float[2,3] x) => (float[2,3] y) {
         s = Shape(x)
         r = Size(s)
         flag = Equal(r, rank)
         y = If (flag) <
           then_branch = yes () => (float[2,3] t) { t = Relu(x) },
           else_branch = no () => (float[2,3] e) { e = Neg(x) }
         >
       }""",
    lambda random: [(2, 3)],
    weights=lambda random: {"rank": np.array(2, np.int64)},
)
graph(
    "loop_counts_and_captures",
    """g (float[3] x, int64 trips) => (float[3] last, float[n,3] all) {
         go = Constant <value = bool {1}> ()
         last, all = Loop (trips, go, x) <
           body = step (int64 i, bool more, float[3] state) => (bool again, float[3] next, float[3] seen) {
             f = Cast <to=1> (i)
             a = Mul(state, w)
             next = Add(a, f)
             seen = Sub(next, x)
             again = Identity(more)
           }
         >
       }""",
    lambda random: [(3,), np.array(4, np.int64)],
    more=[lambda random: [(3,), np.array(1, np.int64)]],
    weights=lambda random: {"w": normal(random, 3)},
)
graph(
    "loop_stops_early",
    """g (float x, float limit) => (float last, int64 count) {
         go = Constant <value = bool {1}> ()
         zero = Constant <value_int=0> ()
         last, count = Loop ( , go, x, zero) <
           body = step (int64 i, bool more, float state, int64 n) => (bool again, float next, int64 m) {
             next = Add(state, state)
             again = Less(next, limit)
             one = Constant <value_int=1> ()
             m = Add(n, one)
           }
         >
       }""",
    lambda random: [np.array(1.5, np.float32), np.array(100, np.float32)],
    more=[lambda random: [np.array(3, np.float32), np.array(1, np.float32)]],
)
graph(
    "loop_with_if_inside",
    """g (float[4] x, int64 trips) => (float[4] y) {
         go = Constant <value = bool {1}> ()
         y = Loop (trips, go, x) <
           body = step (int64 i, bool more, float[4] state) => (bool again, float[4] next) {
             two = Constant <value_int=2> ()
             r = Mod(i, two)
             zero = Constant <value_int=0> ()
             even = Equal(r, zero)
             next = If (even) <
               then_branch = yes () => (float[4] t) { t = Add(state, x) },
               else_branch = no () => (float[4] e) { k = Cast <to=1> (i) h = Mul(state, k) e = Sub(h, w) }
             >
             again = Identity(more)
           }
         >
       }""",
    lambda random: [(4,), np.array(5, np.int64)],
    weights=lambda random: {"w": normal(random, 4)},
)
graph(
    "loop_changes_shape",
    """g (float[1,2] x, int64 trips) => (float[n,2] y) {
         go = Constant <value = bool {1}> ()
         y = Loop (trips, go, x) <
           body = step (int64 i, bool more, float[a,2] state) => (bool again, float[b,2] next) {
             next = Concat <axis=0> (state, x)
             again = Identity(more)
           }
         >
       }""",
    lambda random: [(1, 2), np.array(3, np.int64)],
    exact=True,
)
graph(
    "scan_cumulative",
    """g (float[3] start, float[5,3] x) => (float[3] last, float[5,3] all) {
         last, all = Scan (start, x) <num_scan_inputs=1,
           body = step (float[3] state, float[3] row) => (float[3] next, float[3] seen) {
             a = Mul(state, w)
             next = Add(a, row)
             seen = Tanh(next)
           }
         >
       }""",
    lambda random: [(3,), (5, 3)],
    weights=lambda random: {"w": normal(random, 3)},
)
graph(
    "scan_reversed_other_axis",
    """g (float[2] start, float[2,4] x, float[4,2] y) => (float[2] last, float[2,4] all) {
         last, all = Scan (start, x, y) <num_scan_inputs=2, scan_input_axes=[1,0], scan_input_directions=[1,0],
             scan_output_axes=[1], scan_output_directions=[1],
           body = step (float[2] state, float[2] a, float[2] b) => (float[2] next, float[2] seen) {
             p = Mul(a, b)
             next = Add(state, p)
             seen = Identity(next)
           }
         >
       }""",
    lambda random: [(2,), (2, 4), (4, 2)],
)
graph(
    "subgraph_hides_outer_name",
    """g (float[2] x, bool flag) => (float[2] y) {
         y = If (flag) <
           then_branch = yes () => (float[2] t) { inner = Constant <value_floats=[5.0, 6.0]> () t = Add(inner, x) },
           else_branch = no () => (float[2] e) { inner = Neg(x) e = Mul(inner, inner) }
         >
       }""",
    lambda random: [(2,), ON],
    more=[lambda random: [(2,), OFF]],
)
graph(
    "sequence_operations",
    """g (float[2,3] a, float[1,3] b) => (float[3,3] y, float[1,3] z, int64 n) {
         s = SequenceConstruct(a, b)
         t = SequenceInsert(s, b)
         last = Constant <value_int=-1> ()
         z = SequenceAt(t, last)
         n = SequenceLength(t)
         y = ConcatFromSequence <axis=0> (s)
       }""",
    lambda random: [(2, 3), (1, 3)],
    exact=True,
)
graph(
    "function_of_the_model",
    """<ir_version: 8, opset_import: ["" : 17, "local" : 1]>
       g (float[2,6] x) => (float[2,6] y, float[2,6] z) {
         y = local.gate <alpha=0.3> (x, w)
         z = local.gate <alpha=0.7> (y, w)
       }
       <domain: "local", opset_import: ["" : 17]>
       gate <alpha> (a, b) => (c) {
         l = LeakyRelu <alpha : float = @alpha> (a)
         s = Sigmoid(b)
         c = Mul(l, s)
       }""",
    lambda random: [(2, 6)],
    weights=lambda random: {"w": normal(random, 6)},
)
graph(
    "function_calls_function",
    """<ir_version: 8, opset_import: ["" : 17, "local" : 1]>
       g (float[2,6] x) => (float[2,6] y) { y = local.outer(x) }
       <domain: "local", opset_import: ["" : 17]>
       inner (a) => (b) { t = Tanh(a) b = Add(t, a) }
       <domain: "local", opset_import: ["" : 17, "local" : 1]>
       outer (a) => (b) { t = local.inner(a) u = local.inner(t) b = Mul(u, a) }""",
    lambda random: [(2, 6)],
)
graph(
    "function_with_absent_input_and_output",
    """<ir_version: 8, opset_import: ["" : 17, "local" : 1]>
       g (float[2,6] x) => (float[2,6] y, float[2,6] z) {
         y = local.clipped(x, , top)
         z, unused = local.pair(x)
       }
       <domain: "local", opset_import: ["" : 17]>
       clipped (a, low, high) => (b) { b = Clip(a, low, high) }
       <domain: "local", opset_import: ["" : 17]>
       pair (a) => (b, c) { b = Relu(a) c = Neg(a) }""",
    lambda random: [(2, 6)],
    weights=lambda random: {"top": np.array(0.5, np.float32)},
)
