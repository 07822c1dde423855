"""A small catalogue that uses every section."""

SAMPLE = """\
meters:
  - {code: mau, names: {en: Monthly active users, zh-Hans: 月活跃用户}, kind: unique, unit: users, event_type: user.active}
  - {code: messages, names: {en: Messages, zh-Hans: 消息}, kind: count, unit: messages, dimensions: [region]}
features:
  - {code: history_days, names: {en: History in days, zh-Hans: 历史天数}, type: number}
  - {code: mau_included, names: {en: Included users, zh-Hans: 包含用户}, type: allowance, meter: mau}
  - {code: moderation, names: {en: Moderation, zh-Hans: 内容审核}, type: switch}
modules:
  - code: moderation
    names: {en: Moderation, zh-Hans: 内容审核}
    features: {moderation: true, history_days: 30}
    charges:
      - {code: moderation_fee, tags: [module], steps: [{price: {flat: 20}}]}
sla_tiers:
  - code: gold
    names: {en: Gold, zh-Hans: 金牌}
    target: 99.95
    figure:
      of: fee
      steps: [{table: {mode: volume, by: availability, bands: [{below: 99.0, each: 0.25}, {below: 99.95, each: 0.1}, {each: 0}]}}]
    cap: {times: [fee, 0.5]}
    charges:
      - {code: gold_fee, tags: [sla], of: {spend: [plan]}, steps: [{times: 0.1}]}
support_tiers:
  - code: business
    names: {en: Business, zh-Hans: 商务}
    channels: [ticket, phone]
    response_minutes: {urgent: 60, normal: 480}
    hours: 24x7
    charges:
      - {code: business_fee, tags: [support], of: {spend: [plan, module]}, steps: [{times: 0.05}, {at_least: 15}]}
plans:
  - code: growth
    names: {en: Growth, zh-Hans: 成长版}
    rank: 20
    versions:
      - number: 1
        effective_at: 2026-01-01T00:00:00+08:00
        terms:
          currency: [USD, CNY]
          round: {line: minor}
          charges:
            - code: base
              name: {en: Base fee, zh-Hans: 基础费用}
              tags: [plan]
              steps: [{price: {pick: currency, cases: {USD: {flat: 40}, CNY: {flat: 280}}}}]
            - {code: users, tags: [usage], of: mau, steps: [{included: 10000}, {price: {each: 0.05}}]}
        closing:
          - code: annual
            credit: true
            of: {spend: [plan]}
            steps: [{times: {pick: term, cases: {monthly: 0, annual: 0.2}}}]
        modules: [moderation]
        sla_tiers: [gold]
        support_tiers: [business]
        entitlements: {history_days: 7, mau_included: 10000, moderation: false}
"""
