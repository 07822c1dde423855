/* Day-by-day charts. Data comes from the JSON beside each chart; the table below it says the same. */
(function () {
  "use strict";
  var chinese = document.documentElement.lang.indexOf("zh") === 0;
  var charts = [];

  function ink(name) {
    return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  }

  function short(value) {
    return new Intl.NumberFormat(document.documentElement.lang, {
      notation: "compact",
      maximumFractionDigits: 1,
    }).format(value);
  }

  function options(data) {
    var palette = [ink("--tblr-primary"), "#2a9d8f", "#c98a1b", "#8e6bbf", "#c2557a"];
    return {
      aria: { enabled: false }, // the page labels the chart in its own words; ECharts would write over them
      animation: !window.matchMedia("(prefers-reduced-motion: reduce)").matches,
      color: palette,
      textStyle: { fontFamily: getComputedStyle(document.body).fontFamily, color: ink("--rc-muted") },
      grid: { left: 8, right: 12, top: data.series.length > 1 ? 40 : 16, bottom: 8, containLabel: true },
      legend: {
        show: data.series.length > 1,
        top: 0,
        left: 0,
        icon: "roundRect",
        itemWidth: 10,
        itemHeight: 10,
        textStyle: { color: ink("--tblr-body-color") },
      },
      tooltip: {
        trigger: "axis",
        renderMode: "richText", // an HTML tooltip would carry style attributes, which the policy refuses
        backgroundColor: ink("--rc-surface"),
        borderColor: ink("--rc-line"),
        textStyle: { color: ink("--tblr-body-color"), fontSize: 13 },
        valueFormatter: function (value) {
          return new Intl.NumberFormat(document.documentElement.lang).format(value);
        },
      },
      xAxis: {
        type: "category",
        data: data.days,
        axisTick: { show: false },
        axisLine: { lineStyle: { color: ink("--rc-line") } },
        axisLabel: { color: ink("--rc-muted"), hideOverlap: true },
      },
      yAxis: {
        type: "value",
        splitNumber: 3,
        splitLine: { lineStyle: { color: ink("--rc-line") } },
        axisLabel: { color: ink("--rc-muted"), formatter: short },
      },
      series: data.series.map(function (one) {
        return {
          name: one.name,
          type: "bar",
          stack: data.stacked ? "all" : undefined,
          data: one.values.map(Number),
          barMaxWidth: 22,
          itemStyle: { borderRadius: data.stacked ? 0 : [3, 3, 0, 0] },
        };
      }),
    };
  }

  function draw(host) {
    var data = JSON.parse(document.getElementById(host.dataset.chart).textContent);
    var chart = window.echarts.init(host, null, { renderer: "canvas", locale: chinese ? "ZH" : "EN" });
    chart.setOption(options(data));
    charts.push({ chart: chart, data: data });
  }

  document.querySelectorAll("[data-chart]").forEach(draw);
  window.addEventListener("resize", function () {
    charts.forEach(function (one) {
      one.chart.resize();
    });
  });
  document.addEventListener("themechange", function () {
    charts.forEach(function (one) {
      one.chart.setOption(options(one.data));
    });
  });
})();
