"""Structured changes of ONNX models: attributes, shapes, edges, counts, types, constants, operators, versions, names, nesting,
and the bytes themselves. `mutate(model, random)` gives the bytes of a changed model; the same random state, the same bytes."""
import glob
import os
import re

from wire import packed, parse, serialize, varint

# Field numbers of onnx.proto.
MODEL_GRAPH, MODEL_OPSET = 7, 8
GRAPH_NODE, GRAPH_NAME, GRAPH_INITIALIZER, GRAPH_INPUT, GRAPH_OUTPUT = 1, 2, 5, 11, 12
NODE_INPUT, NODE_OUTPUT, NODE_NAME, NODE_TYPE, NODE_ATTRIBUTE, NODE_DOMAIN = 1, 2, 3, 4, 5, 7
ATTRIBUTE_NAME, ATTRIBUTE_FLOAT, ATTRIBUTE_INT, ATTRIBUTE_STRING, ATTRIBUTE_GRAPH = 1, 2, 3, 4, 6
ATTRIBUTE_FLOATS, ATTRIBUTE_INTS, ATTRIBUTE_TYPE = 7, 8, 20
TENSOR_DIMS, TENSOR_TYPE, TENSOR_INT64, TENSOR_NAME, TENSOR_RAW = 1, 2, 7, 8, 9

HERE = os.path.dirname(os.path.abspath(__file__))
OPERATORS = sorted(
    match for path in glob.glob(os.path.join(HERE, "../../Sources/KDCOps/Operators/*.swift"))
    for match in re.findall(r'onnxName = "(\w+)"', open(path).read())) or ["Relu", "Add", "Conv"]

INTEGERS = [0, 1, 2, 3, 4, 5, 7, 8, 9, 16, 17, 64, 100, 255, 1000, 4096, 100000, 1 << 20, (1 << 31) - 1, 1 << 31, 1 << 40, (1 << 63) - 1,
            -1, -2, -3, -7, -(1 << 31), -(1 << 63)]
FLOATS = [0, 0x80000000, 0x3F800000, 0xBF800000, 0x7F800000, 0xFF800000, 0x7FC00000, 1, 0x7F7FFFFF, 0x00800000, 0x40490FDB, 0x4B800000]
STRINGS = [b"", b"NOTSET", b"SAME_UPPER", b"SAME_LOWER", b"VALID", b"constant", b"reflect", b"edge", b"wrap", b"linear", b"nearest", b"cubic",
           b"tanh", b"none", b"bidirectional", b"reverse", b"DCR", b"CRD", b"x\x1b[31m", b"\xff\xfe", b"a\nb", b"A" * 3000]


def of(message, number):
    return [i for i, field in enumerate(message) if field[0] == number]


def pick(random, items):
    return items[random.randrange(len(items))] if items else None


def integer(random):
    return pick(random, INTEGERS) if random.random() < 0.5 else random.randrange(-4, 40)




def edit(message, at, change):
    """Changes the message that is field `at` of `message`."""
    inner = parse(message[at][2])
    change(inner)
    message[at][2] = serialize(inner)


# ---------------------------------------------------------------- parts
def values(graph):
    names = [parse(graph[i][2]) for i in of(graph, GRAPH_INPUT)]
    names = [f[2] for m in names for f in m if f[0] == 1]
    for i in of(graph, GRAPH_NODE):
        names += [f[2] for f in parse(graph[i][2]) if f[0] == NODE_OUTPUT]
    for i in of(graph, GRAPH_INITIALIZER):
        names += [f[2] for f in parse(graph[i][2]) if f[0] == TENSOR_NAME]
    return names or [b"x"]


def change_list(random, items, new):
    how = random.randrange(4)
    if how == 0 or not items:
        items.insert(random.randrange(len(items) + 1), new())
    elif how == 1:
        items.pop(random.randrange(len(items)))
    else:
        items[random.randrange(len(items))] = new()
    return items


def attribute(random, attribute):
    at = random.randrange(len(attribute)) if attribute else None
    if at is None:
        return
    number, kind, value = attribute[at]
    if number == ATTRIBUTE_INTS:
        whole = [v for i in of(attribute, ATTRIBUTE_INTS) for v in (packed(attribute[i][2]) if attribute[i][1] == 2 else [attribute[i][2]])]
        attribute[:] = [f for f in attribute if f[0] != ATTRIBUTE_INTS]
        attribute += [[ATTRIBUTE_INTS, 0, v] for v in change_list(random, whole, lambda: integer(random))]
    elif number == ATTRIBUTE_TYPE:
        attribute[at][2] = random.randrange(0, 15)
    elif number == ATTRIBUTE_INT:
        attribute[at][2] = integer(random)
    elif number == ATTRIBUTE_FLOAT or kind == 5:
        attribute[at] = [number, 5, pick(random, FLOATS)]
    elif number == ATTRIBUTE_FLOATS and kind == 2:
        count = len(value) // 4
        floats = [int.from_bytes(value[4 * i:4 * i + 4], "little") for i in range(count)]
        attribute[at][2] = b"".join(v.to_bytes(4, "little") for v in change_list(random, floats, lambda: pick(random, FLOATS)))
    elif number == ATTRIBUTE_STRING:
        attribute[at][2] = pick(random, STRINGS)
    elif number == ATTRIBUTE_NAME:
        attribute[at][2] = pick(random, [b"axis", b"axes", b"pads", b"strides", b"to", b"kernel_shape", b"", b"group", b"dilations", value + b"x"])
    elif number == ATTRIBUTE_GRAPH:
        edit(attribute, at, lambda graph: in_graph(random, graph))
    elif number == 5:
        edit(attribute, at, lambda inner: tensor(random, inner))


def tensor(random, tensor):
    how = random.randrange(5)
    dims = of(tensor, TENSOR_DIMS)
    raw = of(tensor, TENSOR_RAW)
    kind = next((f[2] for f in tensor if f[0] == TENSOR_TYPE), 1)
    size = {1: 4, 6: 4, 7: 8, 9: 1, 2: 1, 3: 1, 10: 2, 11: 8}.get(kind, 4)
    if how == 0:
        whole = [v for i in dims for v in (packed(tensor[i][2]) if tensor[i][1] == 2 else [tensor[i][2]])]
        tensor[:] = [f for f in tensor if f[0] != TENSOR_DIMS]
        tensor += [[TENSOR_DIMS, 0, v] for v in change_list(random, whole, lambda: integer(random))]
    elif how == 1:
        for i in of(tensor, TENSOR_TYPE):
            tensor[i][2] = random.randrange(0, 24)
    elif raw and tensor[raw[0]][2]:
        data = bytearray(tensor[raw[0]][2])
        at = random.randrange(len(data) // size or 1) * size
        if kind in (6, 7):
            data[at:at + size] = (integer(random) & (1 << 8 * size) - 1).to_bytes(size, "little")
        elif kind == 1:
            data[at:at + size] = pick(random, FLOATS).to_bytes(4, "little")
        else:
            data[at] = random.randrange(256)
        tensor[raw[0]][2] = bytes(data)
        if how == 2 and random.random() < 0.2:
            tensor[raw[0]][2] = bytes(data[:random.randrange(len(data) + 1)])
    elif of(tensor, TENSOR_INT64):
        at = of(tensor, TENSOR_INT64)[0]
        if tensor[at][1] == 2:
            tensor[at][2] = b"".join(varint(v) for v in change_list(random, packed(tensor[at][2]), lambda: integer(random)))


def value_info(random, info):
    """Type or shape of an input or output: ValueInfoProto.type (2), tensor_type (1): elem_type (1), shape (2), dim (1)."""
    for i in of(info, 2):
        kind = parse(info[i][2])
        for j in of(kind, 1):
            inner = parse(kind[j][2])
            how = random.randrange(4)
            if how == 0:
                for k in of(inner, 1):
                    inner[k][2] = random.randrange(0, 18)
            elif how == 1 and random.random() < 0.3:
                inner[:] = [f for f in inner if f[0] != 2]
            else:
                for k in of(inner, 2):
                    shape = parse(inner[k][2])
                    new = lambda: [1, 2, serialize([[1, 0, integer(random)]] if random.random() < 0.9 else [[2, 2, b"batch"]])]
                    change_list(random, shape, new)
                    inner[k][2] = serialize(shape)
            kind[j][2] = serialize(inner)
        info[i][2] = serialize(kind)


def node(random, node, graph):
    names = values(graph)
    how = random.randrange(12)
    if how <= 3 and of(node, NODE_ATTRIBUTE):
        edit(node, pick(random, of(node, NODE_ATTRIBUTE)), lambda inner: attribute(random, inner))
    elif how == 4 and of(node, NODE_ATTRIBUTE):
        at = pick(random, of(node, NODE_ATTRIBUTE))
        node.append(node[at]) if random.random() < 0.3 else node.pop(at)
    elif how == 5:
        for i in of(node, NODE_TYPE):
            node[i][2] = pick(random, OPERATORS).encode()
    elif how in (6, 7):
        number = NODE_INPUT if random.random() < 0.7 else NODE_OUTPUT
        items = [node[i][2] for i in of(node, number)]
        new = lambda: pick(random, names + [b""]) if number == NODE_INPUT else pick(random, [b"", b"new", b"new2", pick(random, names)])
        node[:] = [f for f in node if f[0] != number] + [[number, 2, v] for v in change_list(random, items, new)]
    elif how == 8:
        node.append([NODE_ATTRIBUTE, 2, serialize([
            [ATTRIBUTE_NAME, 2, pick(random, [b"axis", b"axes", b"pads", b"strides", b"dilations", b"group", b"perm", b"auto_pad", b"ceil_mode", b"mode", b"keepdims"])],
            pick(random, [[ATTRIBUTE_INT, 0, integer(random)], [ATTRIBUTE_STRING, 2, pick(random, STRINGS)], [ATTRIBUTE_INTS, 0, integer(random)]]),
            [ATTRIBUTE_TYPE, 0, pick(random, [2, 3, 7])]])])
    elif how == 9:
        node[:] = [f for f in node if f[0] != NODE_NAME] + [[NODE_NAME, 2, pick(random, STRINGS)]]
    elif how == 10:
        node[:] = [f for f in node if f[0] != NODE_DOMAIN] + [[NODE_DOMAIN, 2, pick(random, [b"", b"ai.onnx", b"com.microsoft", b"ai.onnx.ml"])]]
    else:
        inputs = of(node, NODE_INPUT)
        random.shuffle(inputs)
        kept = [node[i][2] for i in inputs]
        for i, value in zip(of(node, NODE_INPUT), kept):
            node[i][2] = value


def nested(random, graph):
    """The graph's first output once more through an If, some levels deep."""
    outputs = [f[2] for i in of(graph, GRAPH_OUTPUT) for f in parse(graph[i][2]) if f[0] == 1]
    name = outputs[0] if outputs else b"y"
    body = serialize([[GRAPH_NODE, 2, serialize([[NODE_INPUT, 2, name], [NODE_OUTPUT, 2, b"o0"], [NODE_TYPE, 2, b"Identity"]])], [GRAPH_OUTPUT, 2, serialize([[1, 2, b"o0"]])]])
    for depth in range(1, pick(random, [1, 2, 3, 20, 60, 200])):
        branches = [[NODE_ATTRIBUTE, 2, serialize([[ATTRIBUTE_NAME, 2, b], [ATTRIBUTE_GRAPH, 2, body], [ATTRIBUTE_TYPE, 0, 5]])] for b in (b"then_branch",)]
        out = b"o%d" % depth
        inner = serialize([[NODE_INPUT, 2, b"flag"], [NODE_OUTPUT, 2, out], [NODE_TYPE, 2, b"If"]] + branches)
        body = serialize([[GRAPH_NODE, 2, inner], [GRAPH_OUTPUT, 2, serialize([[1, 2, out]])]])
    graph.append([GRAPH_INITIALIZER, 2, serialize([[TENSOR_TYPE, 0, 9], [TENSOR_NAME, 2, b"flag"], [TENSOR_RAW, 2, bytes([random.randrange(2)])]])])
    branches = [[NODE_ATTRIBUTE, 2, serialize([[ATTRIBUTE_NAME, 2, b], [ATTRIBUTE_GRAPH, 2, body], [ATTRIBUTE_TYPE, 0, 5]])] for b in (b"then_branch", b"else_branch")]
    graph.append([GRAPH_NODE, 2, serialize([[NODE_INPUT, 2, b"flag"], [NODE_OUTPUT, 2, b"deep"], [NODE_TYPE, 2, b"If"]] + branches)])
    graph.append([GRAPH_OUTPUT, 2, serialize([[1, 2, b"deep"]])])


def extended(random, graph):
    """Another node behind a value, its output an output of the graph."""
    names = values(graph)
    inputs = [[NODE_INPUT, 2, pick(random, names)] for _ in range(random.randrange(1, 4))]
    out = b"more%d" % random.randrange(1000)
    graph.append([GRAPH_NODE, 2, serialize(inputs + [[NODE_OUTPUT, 2, out], [NODE_TYPE, 2, pick(random, OPERATORS).encode()]])])
    graph.append([GRAPH_OUTPUT, 2, serialize([[1, 2, out]])])


def in_graph(random, graph):
    how = random.randrange(20)
    nodes, initializers = of(graph, GRAPH_NODE), of(graph, GRAPH_INITIALIZER)
    infos = of(graph, GRAPH_INPUT) + of(graph, GRAPH_OUTPUT)
    if how < 9 and nodes:
        edit(graph, pick(random, nodes), lambda inner: node(random, inner, graph))
    elif how < 12 and initializers:
        edit(graph, pick(random, initializers), lambda inner: tensor(random, inner))
    elif how < 15 and infos:
        edit(graph, pick(random, infos), lambda inner: value_info(random, inner))
    elif how == 15 and nodes:
        graph.pop(pick(random, nodes))
    elif how == 16 and nodes:
        graph.append(list(graph[pick(random, nodes)]))
    elif how == 17:
        nested(random, graph)
    else:
        extended(random, graph)


def mutate(data, random):
    """The bytes of a model that differs from `data` in one to three places."""
    model = parse(data)
    for _ in range(random.choice([1, 1, 2, 3])):
        if random.random() < 0.05 and of(model, MODEL_OPSET):
            model[pick(random, of(model, MODEL_OPSET))][2] = serialize([[2, 0, random.randrange(5, 25)]])
        for i in of(model, MODEL_GRAPH):
            edit(model, i, lambda graph: in_graph(random, graph))
    result = bytearray(serialize(model))
    if random.random() < 0.08 and result:
        for _ in range(random.randrange(1, 6)):
            at = random.randrange(len(result))
            how = random.randrange(3)
            if how == 0:
                result[at] ^= 1 << random.randrange(8)
            elif how == 1:
                del result[at:at + random.randrange(1, 9)]
            else:
                result[at:at] = bytes([random.randrange(256)])
            if not result:
                break
    return bytes(result)
