//! What the compute runs on: how long it takes, what it costs, how much energy it draws.

use std::fmt;

use serde::Serialize;

use super::Estimate;
use crate::Error;
use crate::units::Flop;

/// A kind of accelerator.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Device {
    /// Name on the command line.
    pub name: &'static str,
    /// Peak FLOP/s in dense bfloat16 (fp16 where it has no bfloat16).
    pub peak_flop_per_second: f64,
    /// Power limit of the board; none where the maker does not publish one.
    pub watts: Option<f64>,
    /// Where the numbers come from.
    pub source: &'static str,
}

/// Accelerators by name. Figures with sparsity are halved.
pub static DEVICES: &[Device] = &[
    device("b200", 2.25e15, Some(1000.0), "NVIDIA Blackwell datasheet, dense"),
    device("h200", 989.4e12, Some(700.0), "NVIDIA H200 datasheet, halved for density"),
    device("h100", 989.4e12, Some(700.0), "NVIDIA H100 datasheet (SXM), halved for density"),
    device("h100-pcie", 756e12, Some(350.0), "NVIDIA H100 datasheet (PCIe), halved for density"),
    device("a100", 312e12, Some(400.0), "NVIDIA A100 datasheet (SXM)"),
    device("v100", 125e12, Some(300.0), "NVIDIA V100 datasheet (SXM2), fp16"),
    device("l4", 121e12, Some(72.0), "NVIDIA L4 datasheet, halved for density"),
    device("rtx4090", 165.2e12, Some(450.0), "NVIDIA Ada whitepaper, fp32 accumulation, dense"),
    device("mi300x", 1307.4e12, Some(750.0), "AMD MI300X datasheet"),
    device("mi250x", 383e12, Some(560.0), "AMD MI250X datasheet"),
    device("tpu-v4", 275e12, None, "Google Cloud TPU documentation"),
    device("tpu-v5e", 197e12, None, "Google Cloud TPU documentation"),
    device("tpu-v5p", 459e12, None, "Google Cloud TPU documentation"),
];

const fn device(
    name: &'static str,
    peak_flop_per_second: f64,
    watts: Option<f64>,
    source: &'static str,
) -> Device {
    Device { name, peak_flop_per_second, watts, source }
}

/// The device of that name.
///
/// # Errors
/// Refused where the table has none.
pub fn device_named(name: &str) -> Result<&'static Device, Error> {
    DEVICES.iter().find(|d| d.name.eq_ignore_ascii_case(name)).ok_or_else(|| {
        let names: Vec<&str> = DEVICES.iter().map(|d| d.name).collect();
        Error::refused(
            format!("there is no device `{name}` in the table"),
            format!(
                "write its dense peak in FLOP/s, such as 3.12e14, or one of {}",
                names.join(", ")
            ),
        )
    })
}

/// A value that is only known to lie in a range.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Range {
    /// Lower end.
    pub low: f64,
    /// Upper end.
    pub high: f64,
}

impl Range {
    /// The middle.
    pub fn middle(&self) -> f64 {
        f64::midpoint(self.low, self.high)
    }

    /// The `k`-th of values spread evenly over the range, in no order (the sequence of the golden
    /// ratio).
    fn value(&self, k: usize) -> f64 {
        let u = (0.5 + k as f64 * 0.618_033_988_749_894_9).fract();
        self.low + u * (self.high - self.low)
    }
}

impl fmt::Display for Range {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.low == self.high {
            return write!(f, "{}", self.low);
        }
        write!(f, "{} to {}", self.low, self.high)
    }
}

/// What large runs report of their peak: 38 to 46 % (Llama 3, PaLM; from memory of the papers),
/// widened for smaller teams.
pub const ASSUMED_MFU: Range = Range { low: 0.3, high: 0.5 };

/// The machines at hand.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Rig {
    /// How many devices.
    pub devices: f64,
    /// Peak FLOP/s of one.
    pub peak_flop_per_second: f64,
    /// Where the peak comes from.
    pub peak_source: String,
    /// Model FLOPs utilisation: which part of the peak goes into 6ND.
    pub mfu: Range,
    /// Where it comes from.
    pub mfu_source: String,
    /// Price of one device for an hour.
    pub price_per_hour: Option<f64>,
    /// Power of one device.
    pub watts: Option<f64>,
    /// Power of the whole building over that of the devices.
    pub pue: Range,
}

/// What a training run takes.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Bill {
    /// Hours on the clock.
    pub hours: Estimate,
    /// Device-hours.
    pub device_hours: Estimate,
    /// Money, in the unit of the price.
    pub cost: Option<Estimate>,
    /// kWh.
    pub energy_kwh: Option<Estimate>,
}

impl Rig {
    /// FLOP/s of all devices that go into the model, at the k-th value of the utilisation.
    fn flop_per_second(&self, k: usize) -> f64 {
        self.devices * self.peak_flop_per_second * self.mfu.value(k)
    }

    /// What so many hours of all devices compute, and the same for each of `n` draws of the
    /// utilisation.
    pub fn compute_in(&self, hours: f64, n: usize) -> (Flop, Vec<Flop>) {
        let at = |mfu: f64| Flop(3600.0 * hours * self.devices * self.peak_flop_per_second * mfu);
        (at(self.mfu.middle()), (0..n).map(|k| at(self.mfu.value(k))).collect())
    }

    /// The hours that `money` pays for.
    ///
    /// # Errors
    /// Refused without a price.
    pub fn hours_for(&self, money: f64) -> Result<f64, Error> {
        let price = self.price_per_hour.ok_or_else(|| {
            Error::refused("money buys no hours without a price", "add --price-per-hour")
        })?;
        Ok(money / (price * self.devices))
    }

    /// What C takes; `draws` are the compute in each bootstrap draw, or C again.
    pub fn bill(&self, compute: Flop, draws: &[Flop]) -> Bill {
        let hours_at =
            |c: Flop, mfu: f64| c.0 / (self.devices * self.peak_flop_per_second * mfu) / 3600.0;
        let value = hours_at(compute, self.mfu.middle());
        let draws: Vec<f64> =
            draws.iter().enumerate().map(|(k, c)| c.0 / self.flop_per_second(k) / 3600.0).collect();
        let source = format!(
            "C / ({} devices × {:.3e} FLOP/s ({}) × MFU {} ({}))",
            self.devices, self.peak_flop_per_second, self.peak_source, self.mfu, self.mfu_source
        );
        let times = |factor: &dyn Fn(usize) -> f64, middle: f64, source: String| {
            let all = draws.iter().enumerate().map(|(k, h)| h * factor(k)).collect();
            let mut estimate = Estimate::with_draws(value * middle, all, source);
            if let Some(interval) = &mut estimate.interval {
                interval.method.push_str(" with draws of the MFU");
            }
            estimate
        };
        let devices = self.devices;
        Bill {
            hours: times(&|_| 1.0, 1.0, source.clone()),
            device_hours: times(&|_| devices, devices, source),
            cost: self.price_per_hour.map(|price| {
                let source = format!("device-hours × {price} an hour");
                times(&|_| devices * price, devices * price, source)
            }),
            energy_kwh: self.watts.map(|watts| {
                // Another stride than the utilisation's, so that the two do not move together.
                let kilowatts = move |pue: f64| devices * watts * pue / 1000.0;
                let source = format!("device-hours × {watts} W × PUE {}", self.pue);
                let at = |k: usize| kilowatts(self.pue.value(k.wrapping_mul(7919)));
                times(&at, kilowatts(self.pue.middle()), source)
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rig() -> Rig {
        Rig {
            devices: 8.0,
            peak_flop_per_second: 1e15,
            peak_source: "test".to_owned(),
            mfu: Range { low: 0.4, high: 0.4 },
            mfu_source: "test".to_owned(),
            price_per_hour: Some(2.0),
            watts: Some(700.0),
            pue: Range { low: 1.2, high: 1.2 },
        }
    }

    #[test]
    fn hours_cost_and_energy_follow_from_compute() {
        let bill = rig().bill(Flop(8.0 * 1e15 * 0.4 * 3600.0 * 10.0), &[]);
        assert!((bill.hours.value - 10.0).abs() < 1e-9);
        assert!((bill.device_hours.value - 80.0).abs() < 1e-9);
        assert!((bill.cost.unwrap().value - 160.0).abs() < 1e-9);
        assert!((bill.energy_kwh.unwrap().value - 80.0 * 0.7 * 1.2).abs() < 1e-9);
    }

    #[test]
    fn money_buys_the_compute_whose_bill_it_pays() {
        let hours = rig().hours_for(160.0).unwrap();
        let (compute, _) = rig().compute_in(hours, 0);
        assert!((rig().bill(compute, &[]).cost.unwrap().value - 160.0).abs() < 1e-9);
        assert!(Rig { price_per_hour: None, ..rig() }.hours_for(1.0).is_err());
    }

    #[test]
    fn an_uncertain_utilisation_widens_time_and_cost() {
        let uncertain = Rig { mfu: Range { low: 0.3, high: 0.5 }, ..rig() };
        let c = Flop(1e21);
        let draws = vec![c; 400];
        let width = |r: &Rig| {
            let i = r.bill(c, &draws).hours.interval.unwrap();
            i.high / i.low
        };
        assert!(width(&rig()) < 1.0 + 1e-9);
        assert!(width(&uncertain) > 1.5, "{}", width(&uncertain));
    }

    #[test]
    fn every_device_says_where_its_numbers_come_from() {
        assert!(DEVICES.iter().all(|d| !d.source.is_empty() && d.peak_flop_per_second > 1e13));
        assert_eq!(device_named("H100").unwrap().name, "h100");
        assert!(device_named("abacus").unwrap_err().to_string().contains("h100"));
    }
}
