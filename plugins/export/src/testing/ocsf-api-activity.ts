/**
 * OCSF 1.5.0, class API Activity (6003), as JSON Schema: the class's and its objects' required attributes, types, enumerations and
 * `at_least_one` constraints, for the attributes that Shiplog writes; others are refused. From the published class definition.
 */
const text = { type: 'string' };
const integer = { type: 'integer' };
const object = (properties: object, required: readonly string[] = [], more: object = {}): object => ({
  type: 'object',
  properties,
  required,
  additionalProperties: false,
  ...more,
});
const atLeastOne = (...names: readonly string[]): object => ({ anyOf: names.map((name) => ({ required: [name] })) });

const group = object({ uid: text, name: text }, [], atLeastOne('uid', 'name'));
const user = object({ uid: text, name: text, groups: { type: 'array', items: group } }, [], atLeastOne('uid', 'name'));
const file = object({ name: text, path: text, type_id: { enum: [0, 1, 2, 3, 4, 5, 6, 7, 99] } }, ['name', 'type_id']);
const process = object({ pid: integer, file, user }, [], atLeastOne('pid'));
const endpoint = object(
  { ip: { type: 'string', minLength: 2 }, name: text, svc_name: text, port: { type: 'integer', minimum: 0, maximum: 65_535 } },
  [],
  atLeastOne('ip', 'name', 'svc_name'),
);

export const OCSF_API_ACTIVITY = object(
  {
    activity_id: { enum: [0, 1, 2, 3, 4, 99] },
    activity_name: text,
    category_uid: { const: 6 },
    category_name: { const: 'Application Activity' },
    class_uid: { const: 6003 },
    class_name: { const: 'API Activity' },
    type_uid: { enum: [600_300, 600_301, 600_302, 600_303, 600_304, 600_399] },
    type_name: text,
    severity_id: { enum: [0, 1, 2, 3, 4, 5, 6, 99] },
    status_id: { enum: [0, 1, 2, 99] },
    status: text,
    status_code: text,
    status_detail: text,
    time: { type: 'integer', minimum: 0 },
    duration: { type: 'integer', minimum: 0 },
    metadata: object(
      {
        version: { const: '1.5.0' },
        product: object({ name: text, vendor_name: text }, [], atLeastOne('name')),
        uid: text,
        correlation_uid: text,
        sequence: integer,
        original_time: text,
        log_name: text,
      },
      ['version', 'product'],
    ),
    api: object(
      {
        operation: text,
        version: text,
        request: object({ uid: text }, ['uid']),
        response: object({ error: text, error_message: text, message: text }),
      },
      ['operation'],
    ),
    actor: object({ user, process, app_name: text }, [], atLeastOne('process', 'user', 'app_name')),
    src_endpoint: endpoint,
    http_request: object({ http_method: text, user_agent: text, url: object({ path: text }) }),
    resources: { type: 'array', items: object({ uid: text, type: text, name: text }, [], atLeastOne('uid', 'name')) },
    unmapped: { type: 'object' },
  },
  ['activity_id', 'category_uid', 'class_uid', 'type_uid', 'severity_id', 'time', 'metadata', 'api', 'actor', 'src_endpoint'],
);
